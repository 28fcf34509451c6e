//! A file of the net with a digest. What came before a break stays in the cache, and the next attempt
//! goes on from there; the whole has its name only after it was verified.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use lazaret_files::Durability;
use lazaret_oci::{Descriptor, Digest, Hasher};

use crate::build_error::BuildError;
use crate::hash::copy_hashed;
use crate::{Error, Home, ProgressSink, blocking};

/// Largest file, in bytes.
const LARGEST: u64 = 1 << 30;

impl Home {
    /// The file behind a URL, which has this digest; it is fetched once.
    pub(super) async fn download_kernel(
        &self,
        url: &str,
        digest: &Digest,
        progress: &ProgressSink,
    ) -> Result<PathBuf, Error> {
        let folder = self.settings.cache.join("downloads");
        let path = folder.join(digest.hex());
        let (known, wanted) = (path.clone(), digest.clone());
        if blocking(move || is_whole(&known, &wanted)).await? {
            return Ok(path);
        }
        let size = self.client.download_size(url).await?;
        if size > LARGEST {
            return Err(Error::Build(BuildError::TooLarge {
                url: url.to_owned(),
                bytes: size,
                limit: LARGEST,
            }));
        }
        let blob = Descriptor::new("application/octet-stream", digest.clone(), size);
        let (place, wanted) = (folder.clone(), blob.clone());
        let (mut part, offset, hasher) = blocking(move || Part::open(&place, &wanted)).await?;
        progress.started(&blob);
        progress.advanced(&blob, offset);
        let mut content = self
            .client
            .download_rest(url, &blob, offset, hasher)
            .await?;
        loop {
            match content.try_next().await {
                Ok(Some(piece)) => {
                    progress.advanced(&blob, piece.len() as u64);
                    part.write(&piece)?;
                }
                Ok(None) => break,
                Err(error) => {
                    part.give_up(&error);
                    return Err(error.into());
                }
            }
        }
        progress.finished(&blob);
        let whole = path.clone();
        blocking(move || part.publish(&whole)).await?;
        Ok(path)
    }
}

/// Whether a file is there, whole and unchanged.
fn is_whole(path: &Path, digest: &Digest) -> Result<bool, Error> {
    let Ok(mut file) = lazaret_files::open_regular(path) else {
        return Ok(false);
    };
    let (actual, _) =
        copy_hashed(&mut file, &mut std::io::sink()).map_err(Error::io("read", path))?;
    Ok(actual == *digest)
}

/// What has come of a file. One process at a time writes it.
struct Part {
    file: File,
    path: PathBuf,
}

impl Part {
    /// Opens it; returns the number of bytes that are there, and their hash.
    fn open(folder: &Path, blob: &Descriptor) -> Result<(Self, u64, Hasher), Error> {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let path = folder.join(format!("{}.part", blob.digest.hex()));
        let opened = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path);
        let opened = opened.and_then(|file| file.lock().map(|()| file));
        let mut file = opened.map_err(Error::io("open", &path))?;
        let length = file.metadata().map_err(Error::io("inspect", &path))?.len();
        if length > blob.size {
            file.set_len(0).map_err(Error::io("empty", &path))?;
        }
        let mut hasher = Hasher::new(blob.digest.algorithm());
        let (mut buffer, mut offset) = (vec![0; 1 << 20], 0);
        file.seek(SeekFrom::Start(0))
            .map_err(Error::io("read", &path))?;
        loop {
            match file.read(&mut buffer).map_err(Error::io("read", &path))? {
                0 => break,
                count => {
                    hasher.update(&buffer[..count]);
                    offset += count as u64;
                }
            }
        }
        Ok((Self { file, path }, offset, hasher))
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(piece);
        written.map_err(Error::io("write", &self.path))
    }

    /// After another content than expected, nothing of it is of use.
    fn give_up(self, error: &lazaret_client::Error) {
        if matches!(error, lazaret_client::Error::Integrity { .. }) {
            let _begun_anew_otherwise = self.file.set_len(0);
        }
    }

    fn publish(self, path: &Path) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(Error::io("write", &self.path))?;
        std::fs::rename(&self.path, path).map_err(Error::io("publish", path))?;
        Ok(Durability::Synced.sync_dir(path.parent().unwrap_or(Path::new(".")))?)
    }
}
