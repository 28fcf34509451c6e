//! The sizes of the parts of a multipart upload.
//!
//! S3 and Google Cloud Storage accept 10,000 parts of 5 MiB to 5 GiB, of which only the last may
//! be smaller; Azure accepts 50,000 blocks of at most 4,000 MiB. All accept parts of different
//! sizes. Cloudflare R2 requires all but the last to have equal size: up to 10 GB they have, and
//! beyond that if the options give a size.

use crate::Error;

const MIB: u64 = 1024 * 1024;

/// Smallest part that is not the last one, in bytes.
pub(super) const LEAST: u64 = 5 * MIB;

/// Largest part size in the options, in bytes: each upload holds a few parts in memory.
const MOST: u64 = 1024 * MIB;

/// Number of parts that every store accepts.
const COUNT: usize = 10_000;

/// Part sizes: from this index on, parts have this many MiB. Together 10,000 parts hold 540 GB.
const STEPS: [(usize, u64); 3] = [(6_000, 112), (2_000, 16), (0, 5)];

/// The sizes of parts by their index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PartSizes {
    fixed: Option<u64>,
}

impl PartSizes {
    pub(super) fn new(fixed: Option<u64>) -> Result<Self, Error> {
        match fixed {
            Some(size) if !(LEAST..=MOST).contains(&size) => Err(Error::Options {
                reason: format!("a part size of {size} bytes is not in {LEAST} to {MOST}"),
            }),
            fixed => Ok(Self { fixed }),
        }
    }

    /// Size in bytes of the part with this index; `None` beyond the last part.
    pub(super) fn of(self, index: usize) -> Option<u64> {
        if index >= COUNT {
            return None;
        }
        let step = STEPS.iter().find(|(first, _)| index >= *first)?;
        Some(self.fixed.unwrap_or(step.1 * MIB))
    }
}

#[cfg(test)]
mod tests;
