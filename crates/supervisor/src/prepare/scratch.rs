//! The scratch disk, to which a machine writes.

use std::path::Path;

use lazaret_files::free_bytes;
use lazaret_rootfs::{Options, empty_disk};

use super::cached::create;
use super::serial;
use crate::Error;

/// Largest scratch disk, in bytes; sparse, so that only what is written takes room.
const MOST: u64 = 16 << 30;
/// Smallest one, in bytes.
pub(super) const LEAST: u64 = 64 << 20;

/// Size of a disk in bytes that a machine writes to, at most `most`, where the host has `free`
/// bytes: a guest gets at most half of them, so that it cannot fill the host.
fn size(free: u64, most: u64) -> u64 {
    (free / 2).clamp(LEAST, most) / BLOCK * BLOCK
}

/// Size of the disk at `path`, which a machine writes to, in bytes.
pub(super) fn writable_bytes(path: &Path, most: u64) -> u64 {
    free_bytes(path.parent().unwrap_or(path)).map_or(most, |free| size(free, most))
}

/// Disks are whole mebibytes.
const BLOCK: u64 = 1 << 20;

/// Writes an empty scratch disk of so many bytes, or of as many as the host can spare.
pub(super) fn write(path: &Path, wanted: Option<u64>) -> Result<(), Error> {
    let options = Options {
        label: serial::SCRATCH.to_owned(),
        ..Options::default()
    };
    let bytes = wanted.unwrap_or_else(|| writable_bytes(path, MOST));
    let written = empty_disk(create(path)?, bytes, options);
    written.map(drop).map_err(|source| Error::Convert {
        subject: "the scratch disk".to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
