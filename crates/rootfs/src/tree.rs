//! The tree that layers are applied to, in memory, with the semantics of the image
//! specification ("Image Layer Filesystem Changeset").
//!
//! - A whiteout hides what lower layers have, never what its own layer has, wherever it stands in
//!   the layer; so does an opaque marker for a whole directory.
//! - A directory over a directory replaces its attributes. Every other clash removes what was
//!   there, then adds. The last of two entries for one name wins.
//! - Names are resolved inside the root: symbolic links among the parents are followed in the
//!   tree as it stands at that point of the layer, absolute targets start at the root and `..`
//!   stops there. The last component is never followed. Missing parents are made.
//! - A hard link's target must exist at that point of the image.
//!
//! Every operation is linear in the length of its path; hiding is linear in what is hidden. Walks
//! are iterative, so depth costs no stack.

mod hide;
mod node;
mod order;
mod resolve;
#[cfg(test)]
mod tests;

pub use node::{Attributes, Timestamp};
pub(crate) use node::{
    DIRECTORY, Directory, Extent, Kind, Link, Node, NodeId, device_fits, encode_device,
};
pub(crate) use order::Order;

use std::collections::BTreeMap;

use crate::error::{EntryFault, Error};
use crate::options::Limits;
use crate::path::TreePath;

/// Most names of one file that ext4 counts.
const LINKS_MAX: u32 = 65_000;
/// Longest target that Linux follows.
pub(crate) const SYMLINK_MAX: usize = 4095;

/// A tree of nodes in an arena.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Option<Node>>,
    layer: u32,
    limits: Limits,
    metadata: u64,
    implicit: Attributes,
    freed: Vec<Kind>,
    /// The last parent that was resolved for writing: names of one directory come in a row.
    cache: Option<(NodeId, Vec<u8>, NodeId)>,
}

impl Tree {
    /// An empty root. Directories that no entry describes get `implicit`.
    pub(crate) fn new(limits: Limits, implicit: Attributes) -> Self {
        let root = Node {
            kind: Kind::Directory(Directory {
                children: BTreeMap::new(),
                parent: Self::ROOT,
                explicit: 0,
                touched: 0,
                pruned: 0,
            }),
            attributes: implicit.clone(),
            links: 1,
        };
        Self {
            nodes: vec![Some(root)],
            layer: 0,
            limits,
            metadata: 0,
            implicit,
            freed: Vec::new(),
            cache: None,
        }
    }

    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Starts a layer: from here on, everything present belongs to lower layers.
    pub(crate) fn begin_layer(&mut self) {
        self.layer += 1;
        self.cache = None;
    }

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

    /// Makes what is missing of a directory's path, and leaves the rest alone.
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

    /// Adds anything but a directory, in the place of whatever has the name.
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

    /// Gives a file that exists a further name and the attributes that come with it, and returns the
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
        // The new name counts first: it may take the place of the file's last one.
        let node = self.node_mut(id);
        if node.links >= LINKS_MAX {
            return Err(refuse(EntryFault::TooManyHardlinks));
        }
        node.links += 1;
        let old = std::mem::replace(&mut node.attributes, attributes);
        if let Kind::Symlink(_) = node.kind {
            node.attributes.mode = old.mode;
        }
        crate::xattr::merge(&mut node.attributes.xattrs, old.xattrs);
        let parent = self
            .parent_for_writing(base, parent)
            .map_err(|f| f.at(path))?;
        self.place(parent, name, id)?;
        Ok(id)
    }

    /// Finds or makes the directory that a layer is rooted in. No symbolic link is followed.
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

    /// Files with data on the disk that have lost their last name since the last call.
    pub(crate) fn take_freed(&mut self) -> Vec<Kind> {
        std::mem::take(&mut self.freed)
    }

    /// A node that is part of the tree.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes[id.index()]
            .as_ref()
            .expect("links lead to live nodes only")
    }

    /// What `st_nlink` is: names of a file; of a directory its name, `.` and each `..` that leads to it.
    pub(crate) fn links(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        match &node.kind {
            Kind::Directory(directory) => {
                let below = directory.children.values();
                2 + below.filter(|link| self.is_directory(link.node)).count() as u64
            }
            _ => node.links.into(),
        }
    }

    /// The names of a directory; `None` for anything else.
    pub(crate) fn directory(&self, id: NodeId) -> Option<&Directory> {
        match &self.node(id).kind {
            Kind::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    /// Looks a name up in a directory.
    pub(crate) fn child(&self, directory: NodeId, name: &[u8]) -> Option<Link> {
        self.directory(directory)?.children.get(name).copied()
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes[id.index()]
            .as_mut()
            .expect("links lead to live nodes only")
    }

    fn directory_mut(&mut self, id: NodeId) -> &mut Directory {
        match &mut self.node_mut(id).kind {
            Kind::Directory(directory) => directory,
            _ => unreachable!("callers have checked that the node is a directory"),
        }
    }

    fn is_directory(&self, id: NodeId) -> bool {
        self.directory(id).is_some()
    }

    fn make_directory(&mut self, parent: NodeId, name: &[u8]) -> Result<NodeId, resolve::Fault> {
        if name.len() > crate::path::COMPONENT_MAX {
            return Err(EntryFault::ComponentTooLong.into());
        }
        let layer = self.layer;
        let id = self.allocate(Node {
            kind: Kind::Directory(Directory {
                children: BTreeMap::new(),
                parent,
                explicit: layer.wrapping_sub(1),
                touched: layer,
                pruned: layer,
            }),
            attributes: self.implicit.clone(),
            links: 1,
        })?;
        self.place(parent, name, id)?;
        Ok(id)
    }

    /// Puts a node under a name; what had the name is removed.
    fn place(&mut self, parent: NodeId, name: &[u8], id: NodeId) -> Result<(), Error> {
        self.charge(name.len())?;
        let link = Link {
            node: id,
            layer: self.layer,
        };
        let children = &mut self.directory_mut(parent).children;
        let old = match children.get_mut(name) {
            Some(slot) => Some(std::mem::replace(slot, link)),
            None => {
                children.insert(name.into(), link);
                None
            }
        };
        if let Some(old) = old {
            self.remove(old.node);
        }
        Ok(())
    }

    fn allocate(&mut self, node: Node) -> Result<NodeId, Error> {
        let limit = self.limits.entries;
        match u32::try_from(self.nodes.len()) {
            Ok(id) if u64::from(id) <= limit => {
                self.nodes.push(Some(node));
                Ok(NodeId(id))
            }
            _ => Err(Error::LimitExceeded {
                what: "entries",
                limit,
            }),
        }
    }

    /// Counts bytes that stay in memory.
    fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.metadata += bytes as u64;
        if self.metadata > self.limits.metadata {
            let limit = self.limits.metadata;
            return Err(Error::LimitExceeded {
                what: "bytes of metadata",
                limit,
            });
        }
        Ok(())
    }

    fn charge_xattrs(&mut self, attributes: &Attributes) -> Result<(), Error> {
        let bytes = attributes
            .xattrs
            .iter()
            .map(|(name, value)| name.len() + value.len() + 48);
        self.charge(bytes.sum())
    }
}
