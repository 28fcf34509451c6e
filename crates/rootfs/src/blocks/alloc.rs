//! The block allocator: records the blocks of the disk that are in use.

use std::collections::BTreeMap;

/// The number of free runs that are tried before new space is taken.
const TRIES: usize = 64;

/// Allocates blocks, mostly at the frontier, which is the end of the space ever used. A freed run
/// that is large enough is used again, so that layers that replace each other do not grow the disk.
#[derive(Debug)]
pub(crate) struct Allocator {
    frontier: u64,
    limit: Option<u64>,
    reuse: bool,
    /// Free runs below the frontier, from start block to length in blocks; no two are adjacent.
    free: BTreeMap<u64, u64>,
    free_blocks: u64,
}

impl Allocator {
    /// Everything below `frontier` is in use. Freed runs are allocated again only with `reuse`.
    pub(super) fn new(frontier: u64, limit: Option<u64>, reuse: bool) -> Self {
        Self {
            frontier,
            limit,
            reuse,
            free: BTreeMap::new(),
            free_blocks: 0,
        }
    }

    /// End of the space ever used, as a block number.
    pub(crate) fn frontier(&self) -> u64 {
        self.frontier
    }

    /// Number of blocks in use.
    pub(crate) fn used(&self) -> u64 {
        self.frontier - self.free_blocks
    }

    /// Free runs below the frontier, in order: start block and length in blocks.
    pub(crate) fn free_runs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.free.iter().map(|(&start, &length)| (start, length))
    }

    /// Size of the whole disk in blocks, if it is fixed.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Fixes the size of the disk in blocks.
    pub(crate) fn set_limit(&mut self, blocks: u64) {
        self.limit = Some(blocks);
    }

    /// Allocates a run of up to `want` blocks; `None` if the disk is full.
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

    /// Allocates exactly `want` contiguous blocks.
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

    /// Frees a run.
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
