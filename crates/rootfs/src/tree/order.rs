//! The order in which the writers number the nodes of a tree.

use super::arena::Tree;
use super::node::NodeId;

/// Every node once: the root, the early node if any, then the others breadth first and by name.
pub(crate) struct Order {
    pub(crate) nodes: Vec<NodeId>,
    positions: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Order {
    pub(crate) fn of(tree: &Tree, early: Option<NodeId>) -> Self {
        let mut this = Self {
            nodes: Vec::new(),
            positions: vec![NOWHERE; tree.nodes.len()],
        };
        this.push(Tree::ROOT);
        early.into_iter().for_each(|id| this.push(id));
        let mut next = 0;
        while let Some(&id) = this.nodes.get(next) {
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
        let position = &mut self.positions[id.index()];
        if *position == NOWHERE {
            // The arena counts nodes in 32 bits, too.
            *position = u32::try_from(self.nodes.len()).unwrap_or(NOWHERE);
            self.nodes.push(id);
        }
    }

    /// The place of a node in the order.
    pub(crate) fn position(&self, id: NodeId) -> u32 {
        self.positions[id.index()]
    }
}
