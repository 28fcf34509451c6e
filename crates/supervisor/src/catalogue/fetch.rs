//! Fetches the files that a catalogue names. They go into this process's own folder and are
//! verified on the way, so that nobody can change them between the check and their use.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use futures_util::TryStreamExt as _;
use lazaret_oci::Descriptor;
use tempfile::NamedTempFile;

use super::document::Location;
use crate::hash::copy_hashed;
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Fetches a file, which must have the size and digest that the catalogue says.
    pub(super) async fn fetch(
        &self,
        location: &Location,
        folder: &Path,
        progress: &ProgressSink,
    ) -> Result<NamedTempFile, Error> {
        let wanted = location.wanted.clone();
        let place = self.scratch.path()?;
        let mut file =
            NamedTempFile::new_in(place).map_err(Error::io("create a file in", place))?;
        let is_remote = |scheme: &&str| location.url.starts_with(*scheme);
        if !["http://", "https://"].iter().any(is_remote) {
            let path = folder.join(&location.url);
            return blocking(move || {
                copy(&path, &mut file, &wanted)?;
                Ok(file)
            })
            .await;
        }
        progress.started(&wanted);
        let mut blob = self.client.download(&location.url, &wanted).await?;
        while let Some(piece) = blob.try_next().await? {
            progress.advanced(&wanted, piece.len() as u64);
            let written = file.write_all(&piece);
            written.map_err(Error::io("write", file.path()))?;
        }
        progress.finished(&wanted);
        Ok(file)
    }
}

fn copy(path: &Path, to: &mut NamedTempFile, wanted: &Descriptor) -> Result<(), Error> {
    use std::io::Read as _;
    let from = File::open(path).map_err(Error::io("open", path))?;
    // One byte more than wanted shows that a file is too long.
    let mut from = from.take(wanted.size.saturating_add(1));
    let (actual, size) = copy_hashed(&mut from, to).map_err(Error::io("copy", path))?;
    if actual == wanted.digest && size == wanted.size {
        return Ok(());
    }
    Err(Error::DigestMismatch {
        expected: wanted.digest.clone(),
        actual,
        subject: format!(
            "'{}' (it should have {} bytes)",
            path.display(),
            wanted.size
        ),
    })
}
