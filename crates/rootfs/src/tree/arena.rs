//! The nodes of the tree, in an arena, and the links between them.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::fault::Fault;
use super::node::{Attributes, Directory, Kind, Link, Node, NodeId};
use crate::allowance::Allowance;
use crate::error::{EntryFault, Error};
use crate::options::Limits;

/// Memory of a node with its name, and of a directory with its first name, in bytes.
const NODE_BYTES: u64 = 200;
const DIRECTORY_BYTES: u64 = 450;

/// A tree of nodes in an arena.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(super) nodes: Vec<Option<Node>>,
    pub(super) layer: u32,
    pub(super) limits: Limits,
    pub(super) metadata: u64,
    /// Bytes that nodes take beside their metadata.
    own: u64,
    /// Components of paths that were looked up.
    pub(super) steps: Cell<u64>,
    pub(super) implicit: Attributes,
    pub(super) freed: Vec<Kind>,
    /// The last parent that was resolved for writing: names of one directory are often consecutive.
    pub(super) cache: Option<(NodeId, Vec<u8>, NodeId)>,
}

impl Tree {
    /// An empty root. Directories that no entry describes get the attributes `implicit`.
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
            own: 0,
            steps: Cell::new(0),
            implicit,
            freed: Vec::new(),
            cache: None,
        }
    }

    pub(crate) const ROOT: NodeId = NodeId(0);

    /// Starts a layer: everything that is present now belongs to lower layers.
    pub(crate) fn begin_layer(&mut self) {
        self.layer += 1;
        self.cache = None;
    }

    /// Checks that the tree is not too large for the layers that it was made of, nor was too much
    /// work.
    pub(crate) fn check(&self, allowance: Allowance) -> Result<(), Error> {
        allowance.memory(self.own.saturating_add(self.metadata))?;
        allowance.steps(self.steps.get())
    }

    /// Files with data on the disk that have lost their last name since the previous call.
    pub(crate) fn take_freed(&mut self) -> Vec<Kind> {
        std::mem::take(&mut self.freed)
    }

    /// A node that is part of the tree.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.nodes[id.index()]
            .as_ref()
            .expect("links lead to live nodes only")
    }

    /// The link count (`st_nlink`): names of a file; of a directory its name, `.` and each `..` to
    /// it.
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

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes[id.index()]
            .as_mut()
            .expect("links lead to live nodes only")
    }

    pub(super) fn directory_mut(&mut self, id: NodeId) -> &mut Directory {
        match &mut self.node_mut(id).kind {
            Kind::Directory(directory) => directory,
            _ => unreachable!("callers have checked that the node is a directory"),
        }
    }

    pub(super) fn is_directory(&self, id: NodeId) -> bool {
        self.directory(id).is_some()
    }

    pub(super) fn make_directory(&mut self, parent: NodeId, name: &[u8]) -> Result<NodeId, Fault> {
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

    /// Puts a node under a name; the node that had the name is removed.
    pub(super) fn place(&mut self, parent: NodeId, name: &[u8], id: NodeId) -> Result<(), Error> {
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

    pub(super) fn allocate(&mut self, node: Node) -> Result<NodeId, Error> {
        self.own += match &node.kind {
            Kind::Directory(_) => DIRECTORY_BYTES,
            Kind::SmallFile(content) => NODE_BYTES + content.len() as u64,
            _ => NODE_BYTES,
        };
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

    /// Counts bytes that stay in memory against the limit.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
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

    pub(super) fn charge_xattrs(&mut self, attributes: &Attributes) -> Result<(), Error> {
        let bytes = attributes
            .xattrs
            .iter()
            .map(|(name, value)| name.len() + value.len() + 48);
        self.charge(bytes.sum())
    }
}
