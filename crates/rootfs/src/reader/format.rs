//! What the reader asks of a file system.

use super::image::{Image, Stretch};
use super::stat::Stat;
use crate::error::Error;

/// Names and values.
pub(super) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// A name in a directory, and the number of what it leads to.
pub(super) type Name<'a> = (&'a [u8], u64);

/// A file system on a disk.
pub(super) trait Format: Send + Sync {
    fn image(&self) -> &Image;
    fn root(&self) -> u64;
    fn block_size(&self) -> u64;
    fn stat(&self, inode: u64) -> Result<Stat, Error>;
    /// What is at byte `at`, which is below the size.
    fn map(&self, stat: &Stat, at: u64) -> Result<Stretch, Error>;
    /// The names in one block of a directory, `.` and `..` left out.
    fn names<'a>(&self, block: &'a [u8]) -> Result<Vec<Name<'a>>, Error>;
}
