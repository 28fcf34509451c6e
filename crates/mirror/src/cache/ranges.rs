//! A set of bytes of a blob, as ranges that neither touch nor overlap.

use std::collections::BTreeMap;
use std::ops::Range;

/// Offsets of a blob's bytes that are present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Start of each range, with its end.
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds a range.
    pub(crate) fn insert(&mut self, range: Range<u64>) {
        let Range { mut start, mut end } = range;
        if start >= end {
            return;
        }
        // Those that begin within the range or at its end, and the one before it.
        while let Some((&other, &other_end)) = self.ends.range(..=end).next_back() {
            if other_end < start {
                break;
            }
            self.ends.remove(&other);
            start = start.min(other);
            end = end.max(other_end);
        }
        self.ends.insert(start, end);
    }

    /// End of the range that has the byte at `offset`; `None` when that is absent.
    pub(crate) fn end_of(&self, offset: u64) -> Option<u64> {
        let (_, &end) = self.ends.range(..=offset).next_back()?;
        (end > offset).then_some(end)
    }

    /// The first part of `within` that is absent.
    pub(crate) fn first_hole(&self, within: Range<u64>) -> Option<Range<u64>> {
        let start = self.end_of(within.start).unwrap_or(within.start);
        if start >= within.end {
            return None;
        }
        let next = self.ends.range(start..).next().map(|(&next, _)| next);
        Some(start..next.map_or(within.end, |next| next.min(within.end)))
    }

    /// All parts of `within` that are absent.
    pub(crate) fn holes(&self, within: Range<u64>) -> Vec<Range<u64>> {
        let mut rest = within;
        let mut holes = Vec::new();
        while let Some(hole) = self.first_hole(rest.clone()) {
            rest.start = hole.end;
            holes.push(hole);
        }
        holes
    }

    /// Number of bytes.
    pub(crate) fn total(&self) -> u64 {
        self.ends.iter().map(|(start, end)| end - start).sum()
    }

    /// The ranges, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.ends.iter().map(|(&start, &end)| start..end)
    }
}

#[cfg(test)]
mod tests;
