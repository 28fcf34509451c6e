//! Writes blobs into the store.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_oci::{Algorithm, Digest, Hasher};

use crate::error::{Error, io as failed};
use crate::folder::Folder;

/// A blob that is being written and hashed. Nothing is visible before
/// [`BlobWriter::commit`], and nothing is left when it is dropped.
#[derive(Debug)]
pub struct BlobWriter {
    folder: Arc<Folder>,
    staged: PathBuf,
    file: File,
    /// Hash of everything written; absent after a write failed.
    hasher: Option<Hasher>,
    size: u64,
}

impl BlobWriter {
    pub(crate) fn create(folder: Arc<Folder>) -> Result<Self, Error> {
        let staged = folder.staging.path()?;
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&staged)
            .map_err(failed("create", &staged))?;
        Ok(Self {
            folder,
            staged,
            file,
            hasher: Some(Hasher::new(Algorithm::Sha256)),
            size: 0,
        })
    }

    /// Number of bytes written.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes everything that `content` yields; read errors are reported as errors of `name`.
    pub(crate) fn fill(&mut self, mut content: impl Read, name: &str) -> Result<(), Error> {
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let written = self.write_all(&buffer[..length]);
                    written.map_err(failed("write", &self.staged))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("read", Path::new(name))(error)),
            }
        }
    }

    /// Publishes the blob and returns its digest and size in bytes. With `expected`, it must have
    /// that digest; otherwise it gets its SHA-256.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] and [`Error::Io`], also when an earlier write failed;
    /// nothing is visible then.
    pub fn commit(mut self, expected: Option<&Digest>) -> Result<(Digest, u64), Error> {
        let hasher = self.hasher.take().ok_or_else(|| {
            failed("publish", &self.staged)(io::Error::other("an earlier write failed"))
        })?;
        let actual = match expected {
            // Other algorithms need a second pass over the file.
            Some(expected) if expected.algorithm() != Algorithm::Sha256 => {
                self.hash_again(expected.algorithm())?
            }
            _ => hasher.finish(),
        };
        if let Some(expected) = expected
            && *expected != actual
        {
            return Err(Error::DigestMismatch {
                subject: "content".to_owned(),
                expected: expected.clone(),
                actual,
            });
        }
        let blobs = &self.folder.blobs;
        blobs.publish(&self.file, &self.staged, &actual)?;
        Ok((actual, self.size))
    }

    fn hash_again(&mut self, algorithm: Algorithm) -> Result<Digest, Error> {
        let failed = failed("read", &self.staged);
        let mut hasher = Hasher::new(algorithm);
        let mut buffer = vec![0; 256 * 1024];
        self.file.rewind().map_err(failed)?;
        loop {
            match self.file.read(&mut buffer).map_err(failed)? {
                0 => return Ok(hasher.finish()),
                length => hasher.update(&buffer[..length]),
            }
        }
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = match self.file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.hasher = None;
                return Err(error);
            }
            Ok(length) => length,
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes[..length]);
        }
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        // After a commit there is no file at this path, which is never used again.
        let _ = fs::remove_file(&self.staged);
    }
}
