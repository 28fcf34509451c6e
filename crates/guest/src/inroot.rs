//! Opens paths inside a root file system before it becomes the root.
//!
//! The image determines its folders and symbolic links. The kernel resolves every path here
//! as if the image were `/` already (`RESOLVE_IN_ROOT`), so that no link of the
//! image leads into the initramfs. The result is a descriptor, which is used as a mount point
//! through `/proc/self/fd`, never by name again.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::error::{Context as _, Error, Result};

/// A root file system that is not the root yet.
#[derive(Debug)]
pub(crate) struct InRoot {
    folder: OwnedFd,
}

impl InRoot {
    /// Opens the root that is mounted at `path`.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())
            .context(|| format!("open {}", path.display()))?;
        Ok(Self { folder })
    }

    /// Opens the file or folder at `path`; links are followed.
    pub(crate) fn open(&self, path: &Path) -> Result<OwnedFd, Errno> {
        self.open_as(path, OFlags::PATH, Mode::empty())
    }

    /// Opens the folder at `path`; it and its parents are made when missing.
    pub(crate) fn make_folder(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let mut walked = PathBuf::from("/");
        let mut folder = self.open_as(&walked, flags, Mode::empty())?;
        for name in names(path)? {
            walked.push(name);
            folder = match self.open_as(&walked, flags, Mode::empty()) {
                Err(Errno::NOENT) => {
                    rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
                    self.open_as(&walked, flags, Mode::empty())?
                }
                result => result?,
            };
        }
        Ok(folder)
    }

    /// Opens the object at `path`; when missing, an empty file and its parents are made.
    pub(crate) fn make_file(&self, path: &Path) -> Result<OwnedFd, Errno> {
        match self.open(path) {
            Err(Errno::NOENT) => {}
            result => return result,
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Errno::INVAL);
        };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let folder = self.make_folder(parent)?;
        rustix::fs::openat(
            folder,
            name,
            flags | OFlags::CLOEXEC,
            Mode::from_raw_mode(0o644),
        )?;
        self.open(path)
    }

    /// The text of the regular file at `path`, if it is one of at most `limit` bytes.
    pub(crate) fn read(&self, path: &Path, limit: u64) -> Option<String> {
        // Opening a pipe of the image must not block.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(self.open_as(path, flags, Mode::empty()).ok()?);
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > limit {
            return None;
        }
        let mut text = String::new();
        file.take(limit).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Removes the link at `path`, whether it leads anywhere or not; nothing else is removed.
    pub(crate) fn remove_link(&self, path: &Path) -> Result<(), Errno> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Errno::INVAL);
        };
        let folder = self.open(parent)?;
        let found = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
            return Ok(());
        }
        rustix::fs::unlinkat(&folder, name, AtFlags::empty())
    }

    /// Replaces the content of the regular file at `path`, made when missing.
    pub(crate) fn write(&self, path: &Path, content: impl AsRef<[u8]>) -> Result<(), Errno> {
        self.make_file(path)?;
        // Opening a device or a pipe of the image must not block.
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self.open_as(path, flags, Mode::empty())?;
        let written = File::from(file).write_all(content.as_ref());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// The place of an object in this root, without the links that led to it; `None` for one that is
    /// not in it.
    pub(crate) fn place_of(&self, object: &OwnedFd) -> Option<PathBuf> {
        let root = std::fs::read_link(path_of(&self.folder)).ok()?;
        let place = std::fs::read_link(path_of(object)).ok()?;
        place.strip_prefix(root).map(Path::to_owned).ok()
    }

    /// The device number of the root file system, without what is mounted in it.
    pub(crate) fn device(&self) -> Result<u64, Errno> {
        Ok(rustix::fs::fstat(&self.folder)?.st_dev)
    }

    fn open_as(&self, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.folder, path, flags | OFlags::CLOEXEC, mode, resolve)
    }
}

/// A path that refers to exactly the object of the descriptor.
pub(crate) fn path_of(fd: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Checks a target path of the host: absolute, not the root itself, without `..`.
pub(crate) fn checked_target(path: &str) -> Result<&Path> {
    let refuse = |reason| Error::Refused {
        field: "mount target",
        value: path.to_owned(),
        reason,
    };
    let target = Path::new(path);
    if !target.is_absolute() {
        return Err(refuse("it is not absolute"));
    }
    match names(target) {
        Err(_) => Err(refuse("it contains `..`")),
        Ok(names) if names.is_empty() => Err(refuse("it is the root itself")),
        Ok(_) => Ok(target),
    }
}

/// The components of a path; refuses `..`.
fn names(path: &Path) -> Result<Vec<&std::ffi::OsStr>, Errno> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(Errno::INVAL),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
