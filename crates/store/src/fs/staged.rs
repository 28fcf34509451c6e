//! The staged file of one upload.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lazaret_oci::{Algorithm, Digest, Hasher};
use rustix::fs::{Advice, FlockOperation, fadvise};

use crate::durable::optional;
use crate::error::io;
use crate::locked::{is_still_at, try_flock};
use crate::{Error, UploadId};

/// How long a request waits for the one before it to let go of the upload.
const PATIENCE: Duration = Duration::from_secs(1);

/// Written bytes are handed to the disk at this interval, so that the final sync has little
/// left to wait for.
const WRITEBACK: u64 = 4 * 1024 * 1024;

/// What is worth remembering of an upload between requests.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) hasher: Hasher,
    /// Algorithm of `hasher`.
    pub(crate) algorithm: Algorithm,
    /// Number of bytes in `hasher`.
    pub(crate) offset: u64,
}

/// A staged file, locked for the one request that holds it.
pub(crate) struct Staged {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    /// Number of bytes staged.
    pub(crate) offset: u64,
    /// The hash of all of them; absent after a restart or a failed write.
    pub(crate) running: Option<Running>,
    flushed: u64,
    write_back: bool,
}

impl Staged {
    /// Opens and locks the file at its end.
    pub(crate) fn open(id: &UploadId, path: PathBuf, write_back: bool) -> Result<Self, Error> {
        let unknown = || Error::UploadUnknown { id: id.clone() };
        let open = File::options().read(true).write(true).open(&path);
        let mut file = optional(open, "open", &path)?.ok_or_else(unknown)?;
        let started = Instant::now();
        while !try_flock(&file, FlockOperation::NonBlockingLockExclusive, &path)? {
            if started.elapsed() > PATIENCE {
                return Err(Error::UploadBusy { id: id.clone() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if !is_still_at(&file, &path)? {
            return Err(unknown());
        }
        let offset = file.seek(SeekFrom::End(0)).map_err(io("read", &path))?;
        Ok(Self {
            file,
            path,
            offset,
            running: None,
            flushed: offset,
            write_back,
        })
    }

    /// Writes and hashes a batch. After a failure the file ends where it ended before.
    pub(crate) fn append(&mut self, batch: &[Bytes]) -> Result<(), Error> {
        let start = self.offset;
        for bytes in batch {
            if let Err(source) = self.file.write_all(bytes) {
                self.running = None;
                self.offset = start;
                let _ = self.file.set_len(start);
                let _ = self.file.seek(SeekFrom::Start(start));
                return Err(io("write", &self.path)(source));
            }
            self.offset += bytes.len() as u64;
            if let Some(running) = &mut self.running {
                running.hasher.update(bytes);
                running.offset += bytes.len() as u64;
            }
        }
        self.start_write_back();
        Ok(())
    }

    /// Asks the kernel to start writing. Dropping dirty pages is what makes it start; they
    /// are not dropped before they are written, and failure only means a longer final sync.
    fn start_write_back(&mut self) {
        if self.write_back && self.offset - self.flushed >= WRITEBACK {
            let length = std::num::NonZeroU64::new(self.offset - self.flushed);
            let _ = fadvise(&self.file, self.flushed, length, Advice::DontNeed);
            self.flushed = self.offset;
        }
    }

    /// The digest of everything staged; reads the file again when no hash of it is at hand.
    pub(crate) fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, Error> {
        match self.running.take() {
            Some(running) if running.algorithm == algorithm && running.offset == self.offset => {
                Ok(running.hasher.finish())
            }
            _ => self.hash_again(algorithm),
        }
    }

    fn hash_again(&mut self, algorithm: Algorithm) -> Result<Digest, Error> {
        let failed = |path: &Path, source| io("read", path)(source);
        let mut hasher = Hasher::new(algorithm);
        let mut buffer = vec![0; 256 * 1024];
        self.file
            .rewind()
            .map_err(|source| failed(&self.path, source))?;
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(length) => hasher.update(&buffer[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&self.path, error)),
            }
        }
    }
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staged({}, {} bytes)", self.path.display(), self.offset)
    }
}
