//! Inode numbers for the nodes of a tree, and what they need beside the data of files.

use super::directory::{self, FileType};
use super::geometry::RESERVED_INODES;
use super::{extents, xattr};
use crate::tree::{Kind, Node, NodeId, Tree};

/// Longest symbolic link that fits the inode.
pub(super) const SHORT_SYMLINK: usize = extents::ROOT - 1;
/// Inode of the root directory.
pub(super) const ROOT_INODE: u32 = 2;

/// Every node once, breadth first: the root, `lost+found`, then the others by name.
pub(super) struct Numbering {
    pub(super) order: Vec<NodeId>,
    numbers: Vec<u32>,
}

impl Numbering {
    /// Numbers the nodes of a tree whose root has a directory `lost+found`.
    pub(super) fn new(tree: &Tree, lost_and_found: NodeId) -> Self {
        let mut this = Self {
            order: Vec::new(),
            numbers: vec![0; tree.capacity()],
        };
        this.push(Tree::ROOT);
        this.push(lost_and_found);
        let mut next = 0;
        while let Some(&id) = this.order.get(next) {
            next += 1;
            if let Some(directory) = tree.directory(id) {
                for link in directory.children.values() {
                    this.push(link.node);
                }
            }
        }
        this
    }

    fn push(&mut self, id: NodeId) {
        let number = &mut self.numbers[id.index()];
        if *number == 0 {
            *number = match self.order.len() {
                0 => ROOT_INODE,
                position => u32::try_from(position as u64 + RESERVED_INODES).unwrap_or(u32::MAX),
            };
            self.order.push(id);
        }
    }

    /// The inode number of a node.
    pub(super) fn of(&self, id: NodeId) -> u32 {
        self.numbers[id.index()]
    }

    /// The highest number in use.
    pub(super) fn last(&self) -> u64 {
        RESERVED_INODES + self.order.len() as u64 - 1
    }

    /// Blocks that directories, long links, attributes and extent nodes will take at most.
    pub(super) fn auxiliary_blocks(&self, tree: &Tree) -> u64 {
        self.order
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
            // Every block might end up in a run of its own.
            blocks + extents::node_count_for(usize::try_from(blocks).unwrap_or(usize::MAX))
        }
        Kind::File { extents, .. } => extents::node_count(extents),
        Kind::Symlink(target) if target.len() > SHORT_SYMLINK => 1,
        Kind::SmallFile(_) => 1,
        _ => 0,
    };
    content + u64::from(xattr::needs_block(&node.attributes))
}

/// The type byte of a directory entry for a node.
pub(super) fn file_type(node: &Node) -> FileType {
    match node.kind {
        Kind::Directory(_) => FileType::Directory,
        Kind::File { .. } | Kind::SmallFile(_) => FileType::Regular,
        Kind::Symlink(_) => FileType::Symlink,
        Kind::CharDevice { .. } => FileType::CharDevice,
        Kind::BlockDevice { .. } => FileType::BlockDevice,
        Kind::Fifo => FileType::Fifo,
    }
}
