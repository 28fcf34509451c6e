//! Room that is left on a file system of the host.

use std::path::Path;

/// Bytes that this user may still write to the file system of a folder; none when it does not tell.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Whether the file system of a folder has no room left.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    const LITTLE: u64 = 1 << 20;
    free_bytes(folder).is_some_and(|bytes| bytes < LITTLE)
}
