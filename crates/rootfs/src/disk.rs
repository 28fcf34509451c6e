//! Builds one disk: layers and single files go in, a file system comes out.

mod apply;
mod builder;
mod identity;
#[cfg(test)]
mod tests;

use std::fs::File;

pub(crate) use apply::LayerData;
pub use builder::{DiskBuilder, LayerSummary, Summary};

use crate::error::Error;
use crate::options::Options;

/// Writes an empty file system of `size` bytes: scratch space for a machine, to be mounted
/// read-write. The file is sparse: whatever the size, little is written.
///
/// The size in `options` is ignored. There is one inode for each 16 KiB, up to eight million.
///
/// # Errors
/// [`Error::DiskFull`] when `size` does not hold even the metadata; [`Error::Write`] when the
/// file cannot be written.
pub fn empty_disk(output: File, size: u64, options: Options) -> Result<Summary, Error> {
    DiskBuilder::create(
        output,
        Options {
            size: Some(size),
            ..options
        },
    )?
    .finish()
}
