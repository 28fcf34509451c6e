//! The room on the file systems of the host, and how much of it a machine gets.

use std::path::Path;

use lazaret_files::free_bytes;

/// Whether the file system of a folder has no room left.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    const LITTLE: u64 = 1 << 20;
    free_bytes(folder).is_some_and(|bytes| bytes < LITTLE)
}

/// Largest disk that a machine writes to, in bytes, unless the user says otherwise; sparse, so that
/// only what is written takes room.
pub(crate) const MOST: u64 = 16 << 30;
/// Smallest one, in bytes.
pub(crate) const LEAST: u64 = 64 << 20;
/// Disks are whole mebibytes.
const BLOCK: u64 = 1 << 20;

/// Size of the disk at `path`, which a machine writes to, in bytes.
pub(crate) fn writable_bytes(path: &Path, most: u64) -> u64 {
    free_bytes(path.parent().unwrap_or(path)).map_or(most, |free| size(free, most))
}

/// Size of a disk in bytes that a machine writes to, at most `most`, where the host has `free`
/// bytes: a guest gets at most half of them, so that it cannot fill the host.
fn size(free: u64, most: u64) -> u64 {
    (free / 2).clamp(LEAST, most) / BLOCK * BLOCK
}

#[cfg(test)]
mod tests;
