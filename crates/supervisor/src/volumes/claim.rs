//! The right to use a volume: a lock on its folder, which ends with the process that has it.

use std::fs::File;
use std::path::Path;

use lazaret_files::{is_absent, is_still_at, try_flock};
use rustix::fs::FlockOperation;

use crate::Error;

/// A claim on a volume. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    _lock: File,
}

impl Claim {
    /// Claims the volume in `folder`: to read beside other readers, or to write alone. `None` when
    /// others have claims that exclude this one.
    ///
    /// # Errors
    /// [`Error::VolumeNotFound`] when it is not there.
    pub(super) fn take(folder: &Path, name: &str, read_only: bool) -> Result<Option<Self>, Error> {
        let missing = || Error::VolumeNotFound {
            name: name.to_owned(),
        };
        let lock = match File::open(folder) {
            Err(error) if is_absent(&error) => return Err(missing()),
            opened => opened.map_err(Error::io("open the folder", folder))?,
        };
        let operation = match read_only {
            true => FlockOperation::NonBlockingLockShared,
            false => FlockOperation::NonBlockingLockExclusive,
        };
        if !try_flock(&lock, operation, folder)? {
            return Ok(None);
        }
        match is_still_at(&lock, folder)? {
            true => Ok(Some(Self { _lock: lock })),
            false => Err(missing()),
        }
    }
}
