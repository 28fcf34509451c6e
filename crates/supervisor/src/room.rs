//! File systems of the host that have no room left.

use std::path::Path;

use lazaret_files::free_bytes;

/// Whether the file system of a folder has no room left.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    const LITTLE: u64 = 1 << 20;
    free_bytes(folder).is_some_and(|bytes| bytes < LITTLE)
}
