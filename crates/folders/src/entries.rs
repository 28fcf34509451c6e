//! Names: finds, makes, moves and removes them.

use std::os::fd::AsFd as _;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::attributes::{Attributes, PERMISSIONS};
use crate::beneath::create;
use crate::name::Name;
use crate::reply::Reply;
use crate::state::{Folder, Object};

impl Folder {
    /// Finds a name. That there is none may be remembered, too.
    pub(crate) fn look_up(
        &mut self,
        parent: u64,
        name: Name<'_>,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let folder = self.folder(parent)?;
        match self.find(&folder, name) {
            Ok(found) => self.enter(parent, name, &found, reply),
            Err(Errno::NOENT) => {
                reply.entry(0, &Attributes::default());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Tells the guest of an object that has been found.
    pub(crate) fn enter(
        &mut self,
        parent: u64,
        name: Name<'_>,
        found: &Object,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let node = self.nodes.remember(found.known.identity, parent, name)?;
        reply.entry(node, &found.known.attributes);
        Ok(())
    }

    /// Makes something, and tells the guest of it.
    fn make(
        &mut self,
        parent: u64,
        name: Name<'_>,
        reply: &mut Reply,
        make: impl FnOnce(&Object) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let folder = self.folder(parent)?;
        make(&folder)?;
        let found = self.find(&folder, name)?;
        self.enter(parent, name, &found, reply)
    }

    pub(crate) fn make_link(
        &mut self,
        parent: u64,
        name: Name<'_>,
        target: &[u8],
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.make(parent, name, reply, |folder| {
            rustix::fs::symlinkat(target, &folder.place, name.path())
        })
    }

    pub(crate) fn make_folder(
        &mut self,
        parent: u64,
        name: Name<'_>,
        mode: u32,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.make(parent, name, reply, |folder| {
            rustix::fs::mkdirat(&folder.place, name.path(), permissions(mode))
        })
    }

    /// Makes an empty file. Devices, pipes and sockets are refused.
    pub(crate) fn make_node(
        &mut self,
        parent: u64,
        name: Name<'_>,
        mode: u32,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        if FileType::from_raw_mode(mode) != FileType::RegularFile {
            return Err(Errno::PERM);
        }
        self.make(parent, name, reply, |folder| {
            let flags = OFlags::WRONLY;
            create(folder.place.as_fd(), name, flags, permissions(mode)).map(drop)
        })
    }

    /// Gives a file a further name.
    pub(crate) fn link(
        &mut self,
        node: u64,
        parent: u64,
        name: Name<'_>,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let (object, folder) = (self.object(node)?, self.folder(parent)?);
        let (descriptors, number) = self.beneath.name(object.place.as_fd());
        let follow = AtFlags::SYMLINK_FOLLOW;
        rustix::fs::linkat(descriptors, number, &folder.place, name.path(), follow)?;
        let found = self.find(&folder, name)?;
        self.enter(parent, name, &found, reply)
    }

    /// Removes a file, or with [`AtFlags::REMOVEDIR`] a folder.
    pub(crate) fn remove(
        &mut self,
        parent: u64,
        name: Name<'_>,
        flags: AtFlags,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let folder = self.folder(parent)?;
        let found = self.find(&folder, name)?;
        rustix::fs::unlinkat(&folder.place, name.path(), flags)?;
        self.nodes.remove_name(found.known.identity, parent, name);
        Ok(())
    }

    pub(crate) fn rename(
        &mut self,
        (parent, old): (u64, Name<'_>),
        (to, new): (u64, Name<'_>),
        flags: u32,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let flags = RenameFlags::from_bits(flags).ok_or(Errno::INVAL)?;
        // A whiteout is a device.
        if flags.contains(RenameFlags::WHITEOUT) {
            return Err(Errno::INVAL);
        }
        let (from, target) = (self.folder(parent)?, self.folder(to)?);
        let moved = self.find(&from, old)?;
        let replaced = self.find(&target, new).ok();
        let (old_path, new_path) = (old.path(), new.path());
        rustix::fs::renameat_with(&from.place, old_path, &target.place, new_path, flags)?;
        let moved = moved.known.identity;
        // Two names of one file: the kernel does nothing then.
        if replaced
            .as_ref()
            .is_some_and(|other| other.known.identity == moved)
        {
            return Ok(());
        }
        self.nodes.remove_name(moved, parent, old);
        if let Some(other) = replaced {
            self.nodes.remove_name(other.known.identity, to, new);
            if flags.contains(RenameFlags::EXCHANGE) {
                self.nodes.add_name(other.known.identity, parent, old);
            }
        }
        self.nodes.add_name(moved, to, new);
        Ok(())
    }
}

pub(crate) fn permissions(mode: u32) -> Mode {
    Mode::from_raw_mode(mode & PERMISSIONS)
}
