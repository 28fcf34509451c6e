//! Sizes of the parts of a multipart upload.
//!
//! S3 and Google Cloud Storage take 10,000 parts of 5 MiB to 5 GiB, of which only the last may
//! be smaller; Azure takes 50,000 blocks of at most 4,000 MiB. All take parts of different
//! sizes. Cloudflare R2 wants all but the last to be of one size: up to 10 GB they are, and
//! beyond with a size from the options.

use crate::Error;

const MIB: u64 = 1024 * 1024;

/// Smallest part that is not the last one, in bytes.
pub(super) const LEAST: u64 = 5 * MIB;

/// Largest size for parts in the options, in bytes: memory is a few of them an upload.
const MOST: u64 = 1024 * MIB;

/// Number of parts of which every store takes that many.
const COUNT: usize = 10_000;

/// Parts from this index on have that many MiB: together 10,000 of them hold 540 GB.
const STEPS: [(usize, u64); 3] = [(6_000, 112), (2_000, 16), (0, 5)];

/// Sizes by index.
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

    /// Bytes of the part with this index; `None` beyond the last.
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
