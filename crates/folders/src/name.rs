//! A name in a folder: one component of a path.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use rustix::io::Errno;

/// Longest name in bytes, as every file system of Linux has it.
const LONGEST: usize = 255;

/// A name that leads to no other folder. It may be of any other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// Takes 1 to 255 bytes without `/` and zeros, but not `.` and `..`.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Errno> {
        match bytes {
            [] | b"." | b".." => Err(Errno::INVAL),
            _ if bytes.len() > LONGEST => Err(Errno::NAMETOOLONG),
            _ if bytes.iter().any(|byte| matches!(byte, b'/' | 0)) => Err(Errno::INVAL),
            _ => Ok(Self(bytes)),
        }
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn path(self) -> &'a OsStr {
        OsStr::from_bytes(self.0)
    }
}
