//! Remembers the digests of files, so that a file is hashed once and not at each pull.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_oci::{Algorithm, Digest, Hasher};

/// Most files that are remembered.
const MOST: usize = 4096;

/// What is another for another content: device, inode, size, time of change in seconds and
/// nanoseconds.
type Mark = (u64, u64, u64, i64, i64);

/// The digests of files. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digests(Arc<Mutex<HashMap<Mark, Digest>>>);

impl Digests {
    /// The digest of an open file, which is read if it is not known. Blocks.
    pub(super) fn of(&self, file: &mut File) -> io::Result<Digest> {
        let mark = mark(file)?;
        if let Some(digest) = self.lock().get(&mark) {
            return Ok(digest.clone());
        }
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                length => hasher.update(&buffer[..length]),
            }
        }
        file.rewind()?;
        let digest = hasher.finish();
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(mark, digest.clone());
        Ok(digest)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Mark, Digest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mark(file: &File) -> io::Result<Mark> {
    let found = file.metadata()?;
    Ok((
        found.dev(),
        found.ino(),
        found.size(),
        found.ctime(),
        found.ctime_nsec(),
    ))
}
