//! What the guest knows: its numbers for objects of the folder, and the names by which it came to them.

use std::collections::HashMap;

use rustix::io::Errno;

use crate::abi::ROOT;
use crate::attributes::Identity;
use crate::name::Name;

/// Memory that all nodes may take, in bytes.
const MOST_MEMORY: usize = 256 * 1024 * 1024;
/// What a node takes, without its names.
const NODE_BYTES: usize = 240;
/// What a name takes, without its bytes.
const NAME_BYTES: usize = 32;
/// Most names of one object that are remembered.
const MOST_NAMES: usize = 8;
/// Longest path, as the kernel limits it.
const LONGEST_PATH: usize = 4096;

/// A name in a folder.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    parent: u64,
    name: Box<[u8]>,
}

impl Named {
    fn is(&self, parent: u64, name: Name<'_>) -> bool {
        self.parent == parent && *self.name == *name.bytes()
    }
}

/// The state of a file that the guest has in its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) size: u64,
    pub(crate) modified: (i64, u32),
    pub(crate) changed: (i64, u32),
}

#[derive(Debug)]
struct Node {
    identity: Identity,
    /// The newest name is the last one. There is none when all were removed.
    names: Vec<Named>,
    /// How often the guest was told of it and did not forget it.
    lookups: u64,
    content: Option<Content>,
}

impl Node {
    fn memory(&self) -> usize {
        let names = self.names.iter().map(|named| NAME_BYTES + named.name.len());
        NODE_BYTES + names.sum::<usize>()
    }
}

/// All nodes but the folder itself.
#[derive(Debug)]
pub(crate) struct Nodes {
    known: HashMap<u64, Node>,
    numbers: HashMap<Identity, u64>,
    /// The next number; none is used twice.
    next: u64,
    memory: usize,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            numbers: HashMap::new(),
            next: ROOT + 1,
            memory: 0,
        }
    }
}

impl Nodes {
    /// The number of an object that was found under a name.
    ///
    /// # Errors
    /// `ENOMEM` for a guest that does not forget.
    pub(crate) fn remember(
        &mut self,
        identity: Identity,
        parent: u64,
        name: Name<'_>,
    ) -> Result<u64, Errno> {
        let number = match self.numbers.get(&identity) {
            Some(number) => *number,
            None if self.memory > MOST_MEMORY => return Err(Errno::NOMEM),
            None => {
                let number = self.next;
                self.next += 1;
                let node = Node {
                    identity,
                    names: Vec::new(),
                    lookups: 0,
                    content: None,
                };
                self.memory += node.memory();
                self.known.insert(number, node);
                self.numbers.insert(identity, number);
                number
            }
        };
        if let Some(node) = self.known.get_mut(&number) {
            node.lookups += 1;
        }
        self.name(number, parent, name);
        Ok(number)
    }

    /// Notes that the guest has forgotten so many lookups of a node.
    pub(crate) fn forget(&mut self, number: u64, lookups: u64) {
        let Some(node) = self.known.get_mut(&number) else {
            return;
        };
        node.lookups = node.lookups.saturating_sub(lookups);
        if node.lookups == 0
            && let Some(node) = self.known.remove(&number)
        {
            self.numbers.remove(&node.identity);
            self.memory = self.memory.saturating_sub(node.memory());
        }
    }

    /// Notes that an object has a further name.
    pub(crate) fn add_name(&mut self, identity: Identity, parent: u64, name: Name<'_>) {
        if let Some(number) = self.numbers.get(&identity).copied() {
            self.name(number, parent, name);
        }
    }

    /// Notes that an object has a name no longer.
    pub(crate) fn remove_name(&mut self, identity: Identity, parent: u64, name: Name<'_>) {
        let number = self.numbers.get(&identity);
        if let Some(node) = number.and_then(|number| self.known.get_mut(number)) {
            let before = node.memory();
            node.names.retain(|named| !named.is(parent, name));
            self.memory = self.memory.saturating_sub(before - node.memory());
        }
    }

    /// Makes a name the newest one of a node.
    fn name(&mut self, number: u64, parent: u64, name: Name<'_>) {
        let Some(node) = self.known.get_mut(&number) else {
            return;
        };
        if node
            .names
            .last()
            .is_some_and(|named| named.is(parent, name))
        {
            return;
        }
        let before = node.memory();
        node.names.retain(|named| !named.is(parent, name));
        if node.names.len() == MOST_NAMES {
            node.names.remove(0);
        }
        node.names.push(Named {
            parent,
            name: name.bytes().into(),
        });
        self.memory = (self.memory + node.memory()).saturating_sub(before);
    }

    /// What a node is; `None` for one that the guest does not know.
    pub(crate) fn identity(&self, number: u64) -> Option<Identity> {
        self.known.get(&number).map(|node| node.identity)
    }

    /// The paths of a node beneath the folder, the newest one first.
    pub(crate) fn paths(&self, number: u64) -> impl Iterator<Item = Vec<u8>> {
        let names = self.known.get(&number).map(|node| node.names.as_slice());
        let names = names.unwrap_or_default().iter().rev();
        names.filter_map(|named| self.path(named))
    }

    fn path(&self, named: &Named) -> Option<Vec<u8>> {
        let mut parts: Vec<&[u8]> = vec![&named.name];
        let (mut parent, mut length) = (named.parent, named.name.len());
        while parent != ROOT {
            let above = self.known.get(&parent)?.names.last()?;
            length += above.name.len() + 1;
            if length >= LONGEST_PATH {
                return None;
            }
            parts.push(&above.name);
            parent = above.parent;
        }
        parts.reverse();
        Some(parts.join(&b'/'))
    }

    /// Notes what the guest has of a file from now on; returns whether it has had just that.
    pub(crate) fn keeps(&mut self, number: u64, content: Option<Content>) -> bool {
        let Some(node) = self.known.get_mut(&number) else {
            return false;
        };
        let before = std::mem::replace(&mut node.content, content);
        before.is_some() && before == content
    }
}

#[cfg(test)]
mod tests;
