//! Durable writes.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use crate::Error;

/// Beginning of the names of files and folders that are not published yet.
pub(crate) const STAGING_PREFIX: &str = ".staging-";

/// Creates `path` with `bytes` and waits until they are on disk.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    File::create_new(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(Error::io("write", path))
}

/// Puts `bytes` in place of `path`: readers see the old content or the new, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let mut staged = tempfile::Builder::new()
        .prefix(STAGING_PREFIX)
        .tempfile_in(parent)
        .map_err(Error::io("create a file in", parent))?;
    staged
        .write_all(bytes)
        .and_then(|()| staged.as_file().sync_all())
        .map_err(Error::io("write", path))?;
    staged
        .persist(path)
        .map_err(|error| Error::io("replace", path)(error.error))?;
    sync_folder(parent)
}

/// Waits until the names in a folder are on disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("sync", path))
}
