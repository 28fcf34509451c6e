//! Numbers the inodes of a tree, and counts the blocks that they need beside the data of files.

use super::directory;
use super::geometry::RESERVED_INODES;
use super::{extents, xattr};
use crate::bytes::low32;
use crate::tree::{Kind, Node, NodeId, Order, Tree};

/// Longest symbolic link that fits the inode, in bytes.
pub(super) const SHORT_SYMLINK: usize = extents::ROOT - 1;
/// Inode number of the root directory.
pub(super) const ROOT_INODE: u32 = 2;

/// The nodes of a tree in the order of their numbers: the root, `lost+found`, then the others.
pub(super) struct Numbering(Order);

impl Numbering {
    /// Numbers the nodes of a tree whose root has a directory `lost+found`.
    pub(super) fn new(tree: &Tree, lost_and_found: NodeId) -> Self {
        Self(Order::of(tree, Some(lost_and_found)))
    }

    /// All nodes, in the order of their numbers.
    pub(super) fn nodes(&self) -> &[NodeId] {
        &self.0.nodes
    }

    /// The inode number of a node.
    pub(super) fn of(&self, id: NodeId) -> u32 {
        match self.0.position(id) {
            0 => ROOT_INODE,
            position => position.saturating_add(low32(RESERVED_INODES)),
        }
    }

    /// The highest number in use.
    pub(super) fn last(&self) -> u64 {
        RESERVED_INODES + self.nodes().len() as u64 - 1
    }

    /// Most blocks that directories, long links, attributes and extent nodes will take.
    pub(super) fn auxiliary_blocks(&self, tree: &Tree) -> u64 {
        self.nodes()
            .iter()
            .map(|&id| auxiliary_blocks(tree.node(id)))
            .sum()
    }
}

fn auxiliary_blocks(node: &Node) -> u64 {
    let content = match &node.kind {
        Kind::Directory(directory) => {
            let names = directory.children.keys();
            let blocks = directory::blocks_at_most(names.map(|name| name.len()));
            // In the worst case, every block is a run of its own.
            blocks + extents::node_count_for(usize::try_from(blocks).unwrap_or(usize::MAX))
        }
        Kind::File { extents, .. } => extents::node_count(extents),
        Kind::Symlink(target) if target.len() > SHORT_SYMLINK => 1,
        Kind::SmallFile(_) => 1,
        _ => 0,
    };
    content + u64::from(xattr::needs_block(&node.attributes))
}
