//! Room that is left on a file system.

use std::path::Path;

/// Bytes that this user may still write to the file system of a folder; none when it does not tell.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}
