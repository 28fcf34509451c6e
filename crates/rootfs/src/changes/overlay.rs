//! What is compared, and what comes of it.

use super::made::Made;
use crate::reader::DiskReader;

/// An overlay on two disks.
#[derive(Debug)]
pub struct Overlay {
    /// The disk with the upper folder.
    pub upper: DiskReader,
    /// Path of the upper folder on its disk. Where there is none, nothing was changed.
    pub folder: Vec<u8>,
    /// The disk below, as a whole.
    pub lower: DiskReader,
    /// What is not the machine's own change.
    pub made: Made,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How it was changed.
    pub kind: ChangeKind,
    /// The path, without a leading `/`.
    pub path: Vec<u8>,
}

/// How a path was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It has other content, attributes or another type, or something in it was changed.
    Changed,
    /// It is no longer there.
    Deleted,
}
