//! Resolves names inside the tree.

use std::borrow::Cow;

use super::arena::Tree;
use super::fault::Fault;
use super::node::{Kind, NodeId};
use crate::error::EntryFault;
use crate::path::PATH_MAX;

/// Most symbolic links that are followed for one name, as in Linux.
const SYMLINKS_MAX: usize = 40;
/// Longest name in bytes after following symbolic links, so that walks stay short.
const EXPANDED_MAX: usize = 2 * PATH_MAX;

/// The result of one step of a walk.
enum Step {
    Enter(NodeId),
    Follow { from: NodeId, rest: Vec<u8> },
    Missing,
}

impl Tree {
    /// The directory at `path`, made if it is missing. It and all its parents are marked as written
    /// by the current layer.
    pub(super) fn parent_for_writing(
        &mut self,
        base: NodeId,
        path: &[u8],
    ) -> Result<NodeId, Fault> {
        if let Some((cached_base, cached_path, id)) = &self.cache
            && *cached_base == base
            && cached_path == path
        {
            return Ok(*id);
        }
        let layer = self.layer;
        self.directory_mut(base).touched = layer;
        let (mut at, mut rest, mut start, mut links) = (base, Cow::Borrowed(path), 0, 0);
        while let Some((from, to)) = next_component(&rest, start) {
            match self.step(base, at, &rest, from..to, &mut links)? {
                Step::Enter(next) => at = next,
                Step::Missing => {
                    let name = rest[from..to].to_vec();
                    at = self.make_directory(at, &name)?;
                }
                Step::Follow { from, rest: target } => {
                    at = from;
                    rest = Cow::Owned(target);
                    start = 0;
                    continue;
                }
            }
            self.directory_mut(at).touched = layer;
            start = to;
        }
        self.cache = Some((base, path.to_vec(), at));
        Ok(at)
    }

    /// The directory at `path`, if there is one.
    pub(super) fn find_directory(
        &self,
        base: NodeId,
        path: &[u8],
    ) -> Result<Option<NodeId>, EntryFault> {
        let (mut at, mut rest, mut start, mut links) = (base, Cow::Borrowed(path), 0, 0);
        while let Some((from, to)) = next_component(&rest, start) {
            match self.step(base, at, &rest, from..to, &mut links) {
                Ok(Step::Enter(next)) => at = next,
                Ok(Step::Follow { from, rest: target }) => {
                    at = from;
                    rest = Cow::Owned(target);
                    start = 0;
                    continue;
                }
                Ok(Step::Missing) | Err(EntryFault::ParentNotDirectory) => return Ok(None),
                Err(fault) => return Err(fault),
            }
            start = to;
        }
        Ok(Some(at))
    }

    fn step(
        &self,
        base: NodeId,
        at: NodeId,
        rest: &[u8],
        component: std::ops::Range<usize>,
        links: &mut usize,
    ) -> Result<Step, EntryFault> {
        self.steps.set(self.steps.get() + 1);
        let after = component.end;
        let component = &rest[component];
        if component == b".." {
            let parent = self
                .directory(at)
                .map_or(base, |directory| directory.parent);
            return Ok(Step::Enter(if at == base { base } else { parent }));
        }
        let Some(link) = self.child(at, component) else {
            return Ok(Step::Missing);
        };
        match &self.node(link.node).kind {
            Kind::Directory(_) => Ok(Step::Enter(link.node)),
            Kind::Symlink(target) => {
                *links += 1;
                if *links > SYMLINKS_MAX {
                    return Err(EntryFault::SymlinkLoop);
                }
                let from = if target.starts_with(b"/") { base } else { at };
                let rest = [target, &b"/"[..], &rest[after..]].concat();
                if rest.len() > EXPANDED_MAX {
                    return Err(EntryFault::NameTooLong);
                }
                Ok(Step::Follow { from, rest })
            }
            _ => Err(EntryFault::ParentNotDirectory),
        }
    }
}

/// Bounds of the next component at or after `start`; empty ones and `.` are skipped.
fn next_component(path: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut from = start;
    loop {
        from += path.get(from..)?.iter().position(|&b| b != b'/')?;
        let length = path[from..]
            .iter()
            .position(|&b| b == b'/')
            .unwrap_or(path.len() - from);
        if &path[from..from + length] != b"." {
            return Some((from, from + length));
        }
        from += length;
    }
}
