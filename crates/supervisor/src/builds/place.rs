//! The places of finished files: they appear whole, and nothing but a regular file is ever replaced.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, NewFile};

use crate::Error;

/// What ends the name of the file with a kernel's modules, which lies beside it.
const MODULES: &str = ".modules.tar.gz";

/// The file with the modules of a kernel.
pub(crate) fn modules_of(kernel: &Path) -> PathBuf {
    let mut name = kernel.file_name().unwrap_or_default().to_owned();
    name.push(MODULES);
    kernel.with_file_name(name)
}

/// Refuses a place where something else than a regular file is.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => NewFile::here(path).map(drop)?,
        _ => {}
    }
    Ok(())
}

/// Begins a file at a place, whose folder is made if it is missing.
pub(super) fn begin(path: &Path) -> Result<NewFile, Error> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    Ok(NewFile::here(path)?)
}

/// Writes a file at a place.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let new = begin(path)?;
    let mut file: File = new.file()?;
    file.write_all(content).map_err(Error::io("write", path))?;
    new.publish()?;
    Ok(())
}

/// Removes a regular file that belongs to an earlier build; anything else stays.
pub(super) fn remove_old(path: &Path) -> Result<(), Error> {
    if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    std::fs::remove_file(path).map_err(Error::io("remove", path))?;
    if let Some(folder) = path.parent() {
        Durability::Synced.sync_dir(folder)?;
    }
    Ok(())
}
