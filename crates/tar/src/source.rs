//! What is to be copied: a path, by the rules of `docker cp`.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::error::Error;

/// A file or folder to copy.
#[derive(Debug)]
pub struct Source {
    folder: OwnedFd,
    file: OsString,
    name: Vec<u8>,
}

impl Source {
    /// Finds what `path` stands for. With `.` or `..` at its end that is the content of a folder. A
    /// link at its end is copied itself, unless `follows` or a slash comes after it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotAFolder`], [`Error::System`].
    pub fn find(path: &Path, follows: bool) -> Result<Self, Error> {
        let bytes = path.as_os_str().as_bytes();
        let fail = |error: std::io::Error| missing(bytes, error);
        let trimmed = without_slashes(bytes);
        let has_slash = trimmed.len() < bytes.len();
        let (parent, last) = split(trimmed);
        if matches!(last, b"" | b"." | b"..") {
            return Ok(Self {
                folder: open(path).map_err(fail)?,
                file: ".".into(),
                name: b".".to_vec(),
            });
        }
        let name = last.to_vec();
        if !follows && !has_slash {
            std::fs::symlink_metadata(path).map_err(fail)?;
            return Ok(Self {
                folder: open(parent).map_err(fail)?,
                file: OsStr::from_bytes(last).to_owned(),
                name,
            });
        }
        // It fails for a file with a slash at its end.
        std::fs::metadata(path).map_err(fail)?;
        let real = std::fs::canonicalize(path).map_err(fail)?;
        let (parent, file) = match (real.parent(), real.file_name()) {
            (Some(parent), Some(file)) => (parent, file),
            _ => (real.as_path(), OsStr::new(".")),
        };
        Ok(Self {
            folder: open(parent).map_err(fail)?,
            file: file.to_owned(),
            name,
        })
    }

    /// The name of it in an archive: `.` for the content of a folder.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(crate) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// Its name in [`Source::folder`].
    pub(crate) fn file(&self) -> &[u8] {
        self.file.as_bytes()
    }
}

/// The name that a path gives to what it stands for; `None` for the content of a folder.
#[must_use]
pub fn name_of(path: &[u8]) -> Option<&[u8]> {
    let (_, last) = split(without_slashes(path));
    (!matches!(last, b"" | b"." | b"..")).then_some(last)
}

/// Opens a folder only to find things in it.
pub(crate) fn open(path: &Path) -> std::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// The error for a path that cannot be opened.
pub(crate) fn missing(path: &[u8], error: std::io::Error) -> Error {
    let shown = crate::error::show(path);
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { path: shown },
        std::io::ErrorKind::NotADirectory => Error::NotAFolder { path: shown },
        _ => Error::system("open", path)(error),
    }
}

/// A path without the slashes at its end.
pub(crate) fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/');
    path.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

/// The folder of a path without slashes at its end, and the name in it.
pub(crate) fn split(path: &[u8]) -> (&Path, &[u8]) {
    let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
        return (Path::new("."), path);
    };
    let (parent, last) = path.split_at(slash + 1);
    (Path::new(OsStr::from_bytes(parent)), last)
}

#[cfg(test)]
mod tests;
