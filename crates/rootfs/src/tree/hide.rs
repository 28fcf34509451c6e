//! Removes nodes: whiteouts, opaque directories, replaced names.

use super::arena::Tree;
use super::fault::Fault;
use super::node::{FILE, Kind, NodeId};
use crate::error::{EntryFault, Error};
use crate::path::TreePath;

impl Tree {
    /// Hides what lower layers have under a name. A parent that does not exist hides nothing.
    ///
    /// Nodes of the current layer stay. A directory that holds only such nodes gets the attributes
    /// of one that no entry describes.
    pub(crate) fn whiteout(
        &mut self,
        base: NodeId,
        parent: &TreePath,
        name: &[u8],
    ) -> Result<(), Error> {
        let Some(parent) = self.existing(base, parent)? else {
            return Ok(());
        };
        let Some(link) = self.child(parent, name) else {
            return Ok(());
        };
        let layer = self.layer;
        match self.directory(link.node) {
            Some(directory) if directory.touched == layer => {
                if directory.explicit != layer {
                    self.node_mut(link.node).attributes = self.implicit.clone();
                }
                self.prune(link.node);
            }
            None if link.layer == layer => {}
            _ => {
                self.directory_mut(parent).children.remove(name);
                self.remove(link.node);
            }
        }
        Ok(())
    }

    /// Hides everything that lower layers have in a directory, but not the directory, which is made
    /// if it is missing. If the name is not a directory, nothing is hidden.
    pub(crate) fn opaque(&mut self, base: NodeId, path: &TreePath) -> Result<(), Error> {
        match self.existing(base, path)? {
            Some(id) => self.prune(id),
            None => match self.parent_for_writing(base, path.as_bytes()) {
                Ok(_) | Err(Fault::Entry(EntryFault::ParentNotDirectory)) => {}
                Err(fault) => return Err(fault.at(path)),
            },
        }
        Ok(())
    }

    fn existing(&self, base: NodeId, path: &TreePath) -> Result<Option<NodeId>, Error> {
        self.find_directory(base, path.as_bytes())
            .map_err(|f| Error::entry(path.as_bytes(), f))
    }

    /// Removes everything of lower layers below a directory.
    ///
    /// Each directory is searched at most once a layer, however many markers name it.
    fn prune(&mut self, top: NodeId) {
        let layer = self.layer;
        let mut pending = vec![top];
        while let Some(id) = pending.pop() {
            let directory = self.directory_mut(id);
            if directory.pruned == layer {
                continue;
            }
            directory.pruned = layer;
            let children = std::mem::take(&mut directory.children);
            let mut kept = Vec::new();
            for (name, link) in children {
                let keep = match self.directory(link.node) {
                    Some(below) if below.touched == layer => {
                        if below.explicit != layer {
                            self.node_mut(link.node).attributes = self.implicit.clone();
                        }
                        pending.push(link.node);
                        true
                    }
                    Some(_) => false,
                    None => link.layer == layer,
                };
                if keep {
                    kept.push((name, link));
                } else {
                    self.remove(link.node);
                }
            }
            self.directory_mut(id).children = kept.into_iter().collect();
        }
    }

    /// Removes one name from a node, and everything below it if it is a directory.
    pub(super) fn remove(&mut self, id: NodeId) {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let node = self.node_mut(id);
            node.links -= 1;
            let is_file = node.kind.entry_type() == FILE;
            let last = node.links == 0;
            if !is_file {
                self.cache = None;
            }
            if !last {
                continue;
            }
            match self.nodes[id.index()].take().map(|node| node.kind) {
                Some(Kind::Directory(directory)) => {
                    pending.extend(directory.children.into_values().map(|link| link.node));
                }
                Some(kind @ (Kind::File { .. } | Kind::Compressed { .. })) => self.freed.push(kind),
                _ => {}
            }
        }
    }
}
