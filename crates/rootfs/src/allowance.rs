//! What a layer may become, by the number of its compressed bytes that were read so far.

use lazaret_values::Ratio;

use crate::error::Error;

/// Bytes of the tar. Sound layers have 2 to 20 times their size; files of zeros need the rest.
const BYTES: Ratio = Ratio {
    free: 1 << 30,
    times: 200,
};
/// Bytes of memory for the tree and the small files in it. An entry of a sound layer takes 30 bytes or more, and makes 200.
const MEMORY: Ratio = Ratio {
    free: 16 << 20,
    times: 8,
};
/// Steps: components of paths that are looked up, attributes that links bring, entries and pieces
/// of their extended headers.
const STEPS: Ratio = Ratio {
    free: 4_000_000,
    times: 2,
};
/// Bytes of an extended header that count as one step.
const PIECE: u64 = 4;
/// Steps of an entry.
const ENTRY: u64 = 16;

/// Compressed bytes of one or more layers, with what they may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Allowance {
    pub(crate) packed: u64,
}

impl Allowance {
    /// Checks the length of a tar, in bytes.
    pub(crate) fn bytes(self, count: u64) -> Result<(), Error> {
        self.check("uncompressed bytes", BYTES, count)
    }

    /// Checks the memory of a tree, in bytes.
    pub(crate) fn memory(self, count: u64) -> Result<(), Error> {
        self.check("bytes of metadata", MEMORY, count)
    }

    /// Checks the number of components that were looked up.
    pub(crate) fn steps(self, count: u64) -> Result<(), Error> {
        self.check("steps along its paths", STEPS, count)
    }

    /// Checks the number of entries, and the length of all extended headers, in bytes.
    pub(crate) fn headers(self, entries: u64, extended: u64) -> Result<(), Error> {
        let steps = entries
            .saturating_mul(ENTRY)
            .saturating_add(extended / PIECE);
        self.check("steps along its headers", STEPS, steps)
    }

    fn check(self, what: &'static str, ratio: Ratio, count: u64) -> Result<(), Error> {
        let limit = ratio.of(self.packed);
        if count > limit {
            return Err(Error::RatioExceeded { what, limit });
        }
        Ok(())
    }
}
