//! What a small input may become: the one rule for every reader of compressed bytes.

/// A bound that grows with an input: some amount for every input, and beyond it so many times the
/// input's size. The amount is whatever the reader counts: bytes, steps, entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The amount that every input may become.
    pub free: u64,
    /// The amount for each further byte of the input.
    pub times: u64,
}

impl Ratio {
    /// The most that an input of `size` bytes may become.
    #[must_use]
    pub const fn of(self, size: u64) -> u64 {
        size.saturating_mul(self.times).saturating_add(self.free)
    }
}

#[cfg(test)]
mod tests;
