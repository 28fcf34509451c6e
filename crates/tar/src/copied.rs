//! What a copy has done.

/// The sum of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Number of files, links and other objects that are no folders.
    pub files: u64,
    /// Length of all files in bytes, with their holes.
    pub bytes: u64,
}

impl Copied {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
