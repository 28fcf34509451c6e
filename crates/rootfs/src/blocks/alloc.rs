//! Which blocks of the disk are in use.

use std::collections::BTreeMap;

/// How many free runs are tried before new space is taken.
const TRIES: usize = 64;

/// Hands out blocks: mostly at the frontier, behind everything used so far; from freed runs when
/// one is large enough, so that layers replacing each other do not grow the disk.
#[derive(Debug)]
pub(crate) struct Allocator {
    frontier: u64,
    limit: Option<u64>,
    reuse: bool,
    /// Free runs below the frontier: start and length, never adjacent.
    free: BTreeMap<u64, u64>,
    free_blocks: u64,
}

impl Allocator {
    /// Everything below `frontier` is in use. Freed runs are handed out again only with `reuse`.
    pub(super) fn new(frontier: u64, limit: Option<u64>, reuse: bool) -> Self {
        Self {
            frontier,
            limit,
            reuse,
            free: BTreeMap::new(),
            free_blocks: 0,
        }
    }

    /// End of the space ever used.
    pub(crate) fn frontier(&self) -> u64 {
        self.frontier
    }

    /// Blocks in use.
    pub(crate) fn used(&self) -> u64 {
        self.frontier - self.free_blocks
    }

    /// Free runs below the frontier, in order.
    pub(crate) fn free_runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.free.iter().map(|(&start, &length)| (start, length))
    }

    /// Blocks of the whole disk, if that is set.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Fixes the end of the disk.
    pub(crate) fn set_limit(&mut self, blocks: u64) {
        self.limit = Some(blocks);
    }

    /// Takes a run of up to `want` blocks, or `None` if the disk is full.
    pub(crate) fn allocate(&mut self, want: u64) -> Option<(u64, u64)> {
        let fitting = self
            .free
            .iter()
            .take(TRIES)
            .find(|(_, length)| self.reuse && **length >= want);
        if let Some((&start, _)) = fitting {
            return Some(self.take(start, want));
        }
        let room = self
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(self.frontier));
        if room > 0 {
            let length = want.min(room);
            let start = self.frontier;
            self.frontier += length;
            return Some((start, length));
        }
        let (&start, &length) = self.free.iter().next()?;
        Some(self.take(start, want.min(length)))
    }

    /// Takes exactly `want` blocks in a row.
    pub(crate) fn allocate_contiguous(&mut self, want: u64) -> Option<u64> {
        let room = self
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(self.frontier));
        if room >= want {
            let start = self.frontier;
            self.frontier += want;
            return Some(start);
        }
        let (&start, _) = self.free.iter().find(|(_, length)| **length >= want)?;
        Some(self.take(start, want).0)
    }

    /// Gives a run back.
    pub(crate) fn free(&mut self, mut start: u64, mut length: u64) {
        self.free_blocks += length;
        if let Some((&before, &size)) = self.free.range(..start).next_back()
            && before + size == start
        {
            self.free.remove(&before);
            start = before;
            length += size;
        }
        if let Some(size) = self.free.remove(&(start + length)) {
            length += size;
        }
        self.free.insert(start, length);
    }

    /// Takes the first `count` blocks of the free run at `start`.
    fn take(&mut self, start: u64, count: u64) -> (u64, u64) {
        if let Some(length) = self.free.remove(&start)
            && length > count
        {
            self.free.insert(start + count, length - count);
        }
        self.free_blocks -= count;
        (start, count)
    }
}
