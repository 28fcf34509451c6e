//! Files beneath a folder, by names that peers may have chosen: no link is followed on the way down,
//! and nothing outside the folder is reached.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

use crate::durable::Durability;
use crate::error::{Error, io, sys};
use crate::new_file::NewFile;

/// A folder whose files are reached by plain names alone. The folder itself is the user's: links on
/// the way to it are followed.
#[derive(Debug, Clone)]
pub struct Beneath {
    root: PathBuf,
}

/// An unfinished file beneath a folder, as [`NewFile`].
#[derive(Debug)]
pub struct NewBeneath {
    new: NewFile,
    /// Keeps the folder of the file open: the path of the new file leads through it.
    _folder: OwnedFd,
    path: PathBuf,
}

impl Beneath {
    /// Files beneath `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The path of a file, for messages.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Opens a regular file for reading; `None` when it does not exist. `relative` has plain names
    /// between slashes.
    ///
    /// # Errors
    /// [`Error`] for links and other things that are no regular file, also on the way.
    pub fn open(&self, relative: &str) -> Result<Option<File>, Error> {
        let path = self.path(relative);
        let (folders, name) = parts(relative, &path)?;
        let Some(folder) = self.folder(&folders, false)? else {
            return Ok(None);
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&folder, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(io("open", &path)(is_link())),
            Err(errno) => return Err(sys("open", &path)(errno)),
        };
        if !file.metadata().map_err(io("inspect", &path))?.is_file() {
            let reason = io::Error::new(ErrorKind::InvalidInput, "it is no regular file");
            return Err(io("open", &path)(reason));
        }
        Ok(Some(file))
    }

    /// Begins a file that will have the name `relative`, whose folders are made. Until it is
    /// published, it has no name.
    ///
    /// # Errors
    /// As [`Beneath::open`], and those of [`NewFile::create`].
    pub fn create(&self, relative: &str) -> Result<NewBeneath, Error> {
        let path = self.path(relative);
        let (folders, name) = parts(relative, &path)?;
        let folder = self.folder(&folders, true)?;
        let folder = folder.ok_or_else(|| io("open", &path)(ErrorKind::NotFound.into()))?;
        let through = format!("/proc/self/fd/{}/{name}", folder.as_raw_fd());
        let new = NewFile::create(Path::new(&through), 0o644);
        Ok(NewBeneath {
            new: new.map_err(|error| named(error, &path))?,
            _folder: folder,
            path,
        })
    }

    /// Removes a regular file; `false` when there is none.
    ///
    /// # Errors
    /// As [`Beneath::open`].
    pub fn remove(&self, relative: &str) -> Result<bool, Error> {
        if self.open(relative)?.is_none() {
            return Ok(false);
        }
        let path = self.path(relative);
        let (folders, name) = parts(relative, &path)?;
        let Some(folder) = self.folder(&folders, false)? else {
            return Ok(false);
        };
        let through = format!("/proc/self/fd/{}/{name}", folder.as_raw_fd());
        let removed = Durability::Synced.remove(Path::new(&through));
        removed.map_err(|error| named(error, &path))
    }

    /// The folder at the end of these names.
    fn folder(&self, names: &[&str], makes: bool) -> Result<Option<OwnedFd>, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if makes {
            Durability::Synced.create_dirs(&self.root)?;
        }
        let mut at = match openat(CWD, &self.root, flags, Mode::empty()) {
            Ok(root) => root,
            Err(Errno::NOENT) if !makes => return Ok(None),
            Err(errno) => return Err(sys("open the folder", &self.root)(errno)),
        };
        let mut path = self.root.clone();
        for name in names {
            path.push(name);
            let open = || openat(&at, *name, flags | OFlags::NOFOLLOW, Mode::empty());
            let next = match open() {
                Err(Errno::NOENT) if makes => {
                    match mkdirat(&at, *name, Mode::from_raw_mode(0o777)) {
                        Ok(()) => rustix::fs::fsync(&at).map_err(sys("sync the folder", &path))?,
                        Err(Errno::EXIST) => {}
                        Err(errno) => return Err(sys("create the folder", &path)(errno)),
                    }
                    open()
                }
                outcome => outcome,
            };
            at = match next {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    let found = std::fs::symlink_metadata(&path);
                    let is_a_link = found.is_ok_and(|found| found.is_symlink());
                    let reason = match is_a_link {
                        true => is_link(),
                        false => ErrorKind::NotADirectory.into(),
                    };
                    return Err(io("open the folder", &path)(reason));
                }
                Err(errno) => return Err(sys("open the folder", &path)(errno)),
            };
        }
        Ok(Some(at))
    }
}

impl NewBeneath {
    /// The file, open for reading and writing.
    ///
    /// # Errors
    /// As [`NewFile::file`].
    pub fn file(&self) -> Result<File, Error> {
        self.new.file().map_err(|error| named(error, &self.path))
    }

    /// The path that it will have, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the content durable and gives the file its name; only a regular file is replaced.
    ///
    /// # Errors
    /// As [`NewFile::publish`].
    pub fn publish(self) -> Result<(), Error> {
        let Self { new, path, .. } = self;
        new.publish().map_err(|error| named(error, &path))
    }
}

/// The folders and the name of a file. Whoever made the text has checked it; this is the last gate.
fn parts<'a>(relative: &'a str, path: &Path) -> Result<(Vec<&'a str>, &'a str), Error> {
    let mut parts: Vec<&str> = relative.split('/').collect();
    let is_plain = |part: &&str| !matches!(*part, "" | "." | "..") && !part.contains('\0');
    let name = parts.pop().filter(is_plain);
    match name {
        Some(name) if parts.iter().all(is_plain) => Ok((parts, name)),
        _ => Err(io("use", path)(io::Error::new(
            ErrorKind::InvalidInput,
            "it has other parts than plain names",
        ))),
    }
}

fn is_link() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidInput,
        "it is a symbolic link, which is not followed here",
    )
}

/// An error of the path through an open folder, with the path that people know.
fn named(error: Error, path: &Path) -> Error {
    Error {
        path: path.to_owned(),
        ..error
    }
}

#[cfg(test)]
mod tests;
