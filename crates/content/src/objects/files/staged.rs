//! The file of one object while it is written.

use std::fs::File;
use std::io::{self as std_io, IoSlice};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::fs::{Advice, FlockOperation, fadvise};

use crate::error::io;
use crate::reserve::Reserve;
use crate::{Error, UploadId};
use lazaret_files::optional;
use lazaret_files::try_flock;

/// Longest wait for a previous writer that was dropped in the middle of a write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes after which the kernel is asked to start writing to disk, so that the final sync has
/// little left to wait for.
const WRITE_BACK: u64 = 4 * 1024 * 1024;

/// Bytes between looks at the room that is left.
const LOOK: u64 = 1024 * 1024;

/// Most buffers in one system call (`IOV_MAX` of Linux is 1024).
const SLICES: usize = 1024;

/// A file that ends where an object is to be continued. The lock does not exclude other claims of
/// the object; it only waits for the last write of a writer that was dropped.
#[derive(Debug)]
pub(super) struct StagedFile {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// Length of the file when it was opened, in bytes.
    began: u64,
    /// Length of the file now, in bytes.
    pub(super) end: u64,
    flushed: u64,
    /// Length of the file at the last look at the room that is left, in bytes.
    looked: u64,
    write_back: bool,
}

impl StagedFile {
    /// Opens the file of an object that has `size` bytes; creates it if `size` is 0.
    pub(super) fn open(
        id: &UploadId,
        path: PathBuf,
        size: u64,
        write_back: bool,
    ) -> Result<Self, Error> {
        let mut options = File::options();
        options.write(true).create(size == 0);
        let unknown = || Error::UploadUnknown { id: id.clone() };
        let file = if size == 0 {
            options.open(&path).map_err(io("create", &path))?
        } else {
            optional(options.open(&path), "open", &path)?.ok_or_else(unknown)?
        };
        let started = Instant::now();
        while !try_flock(&file, FlockOperation::NonBlockingLockExclusive, &path)? {
            if started.elapsed() > PATIENCE {
                return Err(Error::UploadBusy { id: id.clone() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let actual = file.metadata().map_err(io("inspect", &path))?.len();
        if actual < size {
            return Err(unknown());
        }
        if actual > size {
            file.set_len(size).map_err(io("truncate", &path))?;
        }
        Ok(Self {
            file,
            path,
            began: size,
            end: size,
            flushed: size,
            looked: size,
            write_back,
        })
    }

    /// Appends a batch. After a failure the file is cut to its length when it was
    /// opened, so that a full disk gets its space back.
    pub(super) fn write(&mut self, batch: &[Bytes], reserve: &Reserve) -> Result<(), Error> {
        if let Err(error) = self.write_batch(batch, reserve) {
            let _ = self.file.set_len(self.began);
            self.end = self.began;
            return Err(error);
        }
        self.start_write_back();
        Ok(())
    }

    fn write_batch(&mut self, batch: &[Bytes], reserve: &Reserve) -> Result<(), Error> {
        if self.end - self.looked >= LOOK {
            self.looked = self.end;
            reserve.require()?;
        }
        for part in batch.chunks(SLICES) {
            self.write_part(part).map_err(io("write", &self.path))?;
        }
        Ok(())
    }

    fn write_part(&mut self, part: &[Bytes]) -> std_io::Result<()> {
        let mut slices: Vec<IoSlice<'_>> = part.iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let written =
                rustix::io::retry_on_intr(|| rustix::io::pwritev(&self.file, left, self.end))?;
            if written == 0 {
                return Err(std_io::ErrorKind::WriteZero.into());
            }
            self.end += written as u64;
            IoSlice::advance_slices(&mut left, written);
        }
        Ok(())
    }

    /// Asks the kernel to start writing. It does so when it is told to drop dirty pages, which
    /// it does not drop before they are written. A failure only means a longer final sync.
    fn start_write_back(&mut self) {
        if self.write_back && self.end - self.flushed >= WRITE_BACK {
            let length = std::num::NonZeroU64::new(self.end - self.flushed);
            let _ = fadvise(&self.file, self.flushed, length, Advice::DontNeed);
            self.flushed = self.end;
        }
    }
}
