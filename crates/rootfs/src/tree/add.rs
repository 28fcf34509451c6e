//! Adds nodes to the tree: directories, further names of files, everything else.

use super::arena::Tree;
use super::node::{Attributes, Kind, Node, NodeId};
use crate::error::{EntryFault, Error};
use crate::path::TreePath;
use crate::xattr;

/// Most names of one file that ext4 can count.
const LINKS_MAX: u32 = 65_000;
/// Longest target that Linux follows, in bytes.
pub(crate) const SYMLINK_MAX: usize = 4095;

impl Tree {
    /// Adds a directory, or gives an existing one new attributes.
    pub(crate) fn add_directory(
        &mut self,
        base: NodeId,
        path: &TreePath,
        attributes: Attributes,
    ) -> Result<(), Error> {
        let id = match path.split_last() {
            None => base,
            Some((parent, name)) => {
                let parent = self
                    .parent_for_writing(base, parent)
                    .map_err(|f| f.at(path))?;
                match self.child(parent, name) {
                    Some(link) if self.is_directory(link.node) => link.node,
                    _ => self.make_directory(parent, name).map_err(|f| f.at(path))?,
                }
            }
        };
        self.charge_xattrs(&attributes)?;
        let layer = self.layer;
        let node = self.node_mut(id);
        node.attributes = attributes;
        if let Kind::Directory(directory) = &mut node.kind {
            directory.explicit = layer;
            directory.touched = layer;
        }
        Ok(())
    }

    /// Makes the missing directories of a path, and leaves existing ones as they are.
    pub(crate) fn make_directories(&mut self, base: NodeId, path: &TreePath) -> Result<(), Error> {
        let made = self.parent_for_writing(base, path.as_bytes());
        made.map(drop).map_err(|fault| fault.at(path))
    }

    /// Checks that a node may be added here, before its data is written.
    pub(crate) fn check_place(&mut self, base: NodeId, path: &TreePath) -> Result<(), Error> {
        match path.split_last() {
            None => Err(Error::entry(path.as_bytes(), EntryFault::ReplacesRoot)),
            Some((parent, _)) => self
                .parent_for_writing(base, parent)
                .map(drop)
                .map_err(|f| f.at(path)),
        }
    }

    /// Adds anything but a directory, in place of any object of that name.
    pub(crate) fn add(
        &mut self,
        base: NodeId,
        path: &TreePath,
        kind: Kind,
        attributes: Attributes,
    ) -> Result<(), Error> {
        debug_assert!(
            !matches!(kind, Kind::Directory(_)),
            "directories have their own method"
        );
        let Some((parent, name)) = path.split_last() else {
            return Err(Error::entry(path.as_bytes(), EntryFault::ReplacesRoot));
        };
        if let Kind::Symlink(target) = &kind {
            if target.is_empty() || target.len() > SYMLINK_MAX || target.contains(&0) {
                return Err(Error::entry(path.as_bytes(), EntryFault::BadSymlinkTarget));
            }
            self.charge(target.len())?;
        }
        self.charge_xattrs(&attributes)?;
        let parent = self
            .parent_for_writing(base, parent)
            .map_err(|f| f.at(path))?;
        let id = self.allocate(Node {
            kind,
            attributes,
            links: 1,
        })?;
        self.place(parent, name, id)
    }

    /// Gives an existing file another name and the attributes that come with it; returns the
    /// file. Extended attributes are added to those it has; a symbolic link has no permissions of
    /// its own.
    pub(crate) fn add_hardlink(
        &mut self,
        base: NodeId,
        path: &TreePath,
        target: &TreePath,
        attributes: Attributes,
    ) -> Result<NodeId, Error> {
        let refuse = |fault| Error::entry(path.as_bytes(), fault);
        let Some((parent, name)) = path.split_last() else {
            return Err(refuse(EntryFault::ReplacesRoot));
        };
        let id = match target.split_last() {
            None => return Err(refuse(EntryFault::HardlinkToDirectory)),
            Some((directory, name)) => {
                self.find_directory(base, directory)
                    .map_err(refuse)?
                    .and_then(|directory| self.child(directory, name))
                    .ok_or_else(|| refuse(EntryFault::HardlinkTargetMissing))?
                    .node
            }
        };
        if self.is_directory(id) {
            return Err(refuse(EntryFault::HardlinkToDirectory));
        }
        self.charge_xattrs(&attributes)?;
        // Count the new name first: it may replace the file's last one.
        let node = self.node_mut(id);
        if node.links >= LINKS_MAX {
            return Err(refuse(EntryFault::TooManyHardlinks));
        }
        node.links += 1;
        let old = std::mem::replace(&mut node.attributes, attributes);
        if let Kind::Symlink(_) = node.kind {
            node.attributes.mode = old.mode;
        }
        xattr::merge(&mut node.attributes.xattrs, old.xattrs);
        let merged = node.attributes.xattrs.len() as u64;
        self.steps.set(self.steps.get() + merged);
        let parent = self
            .parent_for_writing(base, parent)
            .map_err(|f| f.at(path))?;
        self.place(parent, name, id)?;
        Ok(id)
    }

    /// Finds or makes the root directory of a layer. No symbolic link is followed.
    pub(crate) fn prefix(&mut self, path: &TreePath) -> Result<NodeId, Error> {
        let mut at = Self::ROOT;
        for name in crate::path::components(path.as_bytes()) {
            at = match self.child(at, name) {
                Some(link) if self.is_directory(link.node) => link.node,
                Some(_) => {
                    return Err(Error::entry(
                        path.as_bytes(),
                        EntryFault::ParentNotDirectory,
                    ));
                }
                None => self.make_directory(at, name).map_err(|f| f.at(path))?,
            };
        }
        Ok(at)
    }
}
