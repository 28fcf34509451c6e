//! The interface between the reader and a file system format.

use super::image::{Image, Stretch};
use super::stat::Stat;
use crate::error::Error;

/// Names and values of extended attributes.
pub(super) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// A name in a directory, and its inode number.
pub(super) type Name<'a> = (&'a [u8], u64);

/// A file system on a disk.
pub(super) trait Format: Send + Sync {
    fn image(&self) -> &Image;
    fn root(&self) -> u64;
    /// Whether whoever wrote to it last has closed it.
    fn is_closed(&self) -> bool {
        true
    }
    fn block_size(&self) -> u64;
    fn stat(&self, inode: u64) -> Result<Stat, Error>;
    /// The stretch at byte `at` of a file; `at` is below the file's size.
    fn map(&self, stat: &Stat, at: u64) -> Result<Stretch, Error>;
    /// The names in one block of a directory, without `.` and `..`.
    fn names<'a>(&self, block: &'a [u8]) -> Result<Vec<Name<'a>>, Error>;
}
