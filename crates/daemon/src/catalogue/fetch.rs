//! Files that a catalogue names, verified.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use lazaret_oci::{Descriptor, Hasher};
use tempfile::NamedTempFile;

use super::Location;
use crate::{Engine, Error, ProgressSink, blocking};

/// A file whose size and digest were checked.
pub(super) enum Fetched {
    Downloaded(NamedTempFile),
    Local(PathBuf),
}

impl Fetched {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Downloaded(file) => file.path(),
            Self::Local(path) => path,
        }
    }

    pub(super) fn open(&self) -> Result<File, Error> {
        File::open(self.path()).map_err(Error::io("open", self.path()))
    }
}

impl Engine {
    /// Downloads a file, or checks one that is here.
    pub(super) async fn fetch(
        &self,
        location: &Location,
        folder: &Path,
        progress: &ProgressSink,
    ) -> Result<Fetched, Error> {
        let wanted = location.wanted.clone();
        if !["http://", "https://"]
            .iter()
            .any(|scheme| location.url.starts_with(scheme))
        {
            let path = folder.join(&location.url);
            return blocking(move || {
                check(&path, &wanted)?;
                Ok(Fetched::Local(path))
            })
            .await;
        }
        let place = self.scratch.path();
        let mut file =
            NamedTempFile::new_in(place).map_err(Error::io("create a file in", place))?;
        progress.started(&wanted);
        let mut blob = self.client.download(&location.url, &wanted).await?;
        while let Some(piece) = blob.try_next().await? {
            progress.advanced(&wanted, piece.len() as u64);
            let written = file.write_all(&piece);
            written.map_err(Error::io("write", file.path()))?;
        }
        progress.finished(&wanted);
        Ok(Fetched::Downloaded(file))
    }
}

fn check(path: &Path, wanted: &Descriptor) -> Result<(), Error> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let mut hasher = Hasher::new(wanted.digest.algorithm());
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let length = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if length == 0 {
            break;
        }
        size += length as u64;
        hasher.update(&buffer[..length]);
    }
    let actual = hasher.finish();
    if actual == wanted.digest && size == wanted.size {
        return Ok(());
    }
    Err(Error::DigestMismatch {
        expected: wanted.digest.clone(),
        actual,
        subject: format!("'{}' of {size} bytes", path.display()),
    })
}
