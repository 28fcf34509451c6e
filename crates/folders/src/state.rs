//! One folder, and what the guest knows and has open of it.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::abi::ROOT;
use crate::attributes::{Known, Owners};
use crate::beneath::Beneath;
use crate::error::Error;
use crate::handles::Handles;
use crate::name::Name;
use crate::nodes::Nodes;

/// A folder, or a single file, that is served.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) beneath: Beneath,
    pub(crate) read_only: bool,
    pub(crate) owners: Owners,
    pub(crate) nodes: Nodes,
    pub(crate) handles: Handles,
    /// Whether it is a folder and not a file.
    pub(crate) is_folder: bool,
}

/// An object that a node stands for.
#[derive(Debug)]
pub(crate) struct Object {
    /// Refers to it and neither reads nor writes.
    pub(crate) place: OwnedFd,
    pub(crate) known: Known,
}

impl Folder {
    /// Opens it; the guest may have so many files open.
    pub(crate) fn open(path: &Path, read_only: bool, files: usize) -> Result<Self, Error> {
        let owners = Owners::of_this_process();
        let (beneath, kind) = Beneath::open(path, &owners)?;
        Ok(Self {
            beneath,
            read_only,
            owners,
            nodes: Nodes::default(),
            handles: Handles::new(files),
            is_folder: kind == FileType::Directory,
        })
    }

    /// The object of a node.
    ///
    /// # Errors
    /// `ESTALE` when it is not there any more: the guest looks its name up again.
    pub(crate) fn object(&mut self, node: u64) -> Result<Object, Errno> {
        if node == ROOT {
            let place = rustix::io::fcntl_dupfd_cloexec(self.beneath.root(), 0)?;
            let known = Known::of(place.as_fd(), &self.owners)?;
            return Ok(Object { place, known });
        }
        let identity = self.nodes.identity(node).ok_or(Errno::STALE)?;
        for path in self.nodes.paths(node) {
            let found = self.beneath.find(&path, &self.owners);
            if let Ok((place, known)) = found
                && known.identity == identity
            {
                return Ok(Object { place, known });
            }
        }
        // All its names may be gone while it is open.
        let handle = self.handles.of(node).ok_or(Errno::STALE)?;
        let place = rustix::io::fcntl_dupfd_cloexec(handle, 0)?;
        let known = Known::of(place.as_fd(), &self.owners)?.on(self.beneath.device);
        Ok(Object { place, known })
    }

    /// The folder of a node.
    pub(crate) fn folder(&mut self, node: u64) -> Result<Object, Errno> {
        let object = self.object(node)?;
        match object.known.kind() {
            FileType::Directory => Ok(object),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// The object of a name in a folder.
    pub(crate) fn find(&mut self, folder: &Object, name: Name<'_>) -> Result<Object, Errno> {
        let owners = self.owners;
        let found = self.beneath.find_in(folder.place.as_fd(), name, &owners)?;
        let (place, known) = found;
        Ok(Object { place, known })
    }

    /// Refuses what changes a folder that is only to be read.
    pub(crate) fn check_writable(&self) -> Result<(), Errno> {
        match self.read_only {
            true => Err(Errno::ROFS),
            false => Ok(()),
        }
    }
}
