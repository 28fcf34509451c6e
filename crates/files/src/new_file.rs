//! Writes files that have no name until they are whole.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::NamedTempFile;

use crate::durable::Durability;
use crate::error::{Error, io};
use crate::target::{follow_links, replaceable};

/// Prefix of the names of unfinished files, on file systems where a file needs a name.
const PREFIX: &str = ".lazaret-";

/// An unfinished file. It is gone when this value is dropped or the process is killed. The
/// exception are file systems without nameless files: there a killed process leaves a file whose
/// name starts with `.lazaret-`.
#[derive(Debug)]
pub struct NewFile {
    target: PathBuf,
    folder: PathBuf,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Nameless(File),
    Named(NamedTempFile),
}

impl NewFile {
    /// Begins a file that will become `target`, whose folder must exist. The permissions are `mode`
    /// without the bits of the process's umask. The file is always newly made: nothing that
    /// somebody put into the folder is followed or opened.
    ///
    /// # Errors
    /// [`Error`] when the folder takes no file, or when `target` is something that is no regular
    /// file: a device, a link, a folder.
    pub fn create(target: &Path, mode: u32) -> Result<Self, Error> {
        replaceable(target)?;
        Self::begin(target, mode)
    }

    /// Begins a file where the user wants it. A symbolic link stays and what it leads to is
    /// replaced; a file that is there passes its permissions on, a new one is readable by all.
    /// Other names of that file (hard links) keep the old content.
    ///
    /// # Errors
    /// As [`NewFile::create`].
    pub fn output(path: &Path) -> Result<Self, Error> {
        Self::here(&follow_links(path)?)
    }

    /// As [`NewFile::output`], but a symbolic link is refused: somebody else may have put it there.
    ///
    /// # Errors
    /// As [`NewFile::create`].
    pub fn here(path: &Path) -> Result<Self, Error> {
        let Some(mode) = replaceable(path)? else {
            return Self::begin(path, 0o644);
        };
        let new = Self::begin(path, 0o600)?;
        let permissions = std::fs::Permissions::from_mode(mode);
        let set = new.file()?.set_permissions(permissions);
        set.map_err(io("set the permissions of", path))?;
        Ok(new)
    }

    fn begin(target: &Path, mode: u32) -> Result<Self, Error> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let nameless = rustix::fs::open(folder, flags, Mode::from_raw_mode(mode)).ok();
        // Without /proc the file could not be linked to a name.
        let nameless = nameless.filter(|file| Path::new(&source(file)).exists());
        let content = match nameless {
            Some(file) => Content::Nameless(file.into()),
            None => Content::Named(
                tempfile::Builder::new()
                    .prefix(PREFIX)
                    .permissions(std::fs::Permissions::from_mode(mode))
                    .tempfile_in(folder)
                    .map_err(io("create a file in", folder))?,
            ),
        };
        Ok(Self {
            target: target.to_owned(),
            folder: folder.to_owned(),
            content,
        })
    }

    /// The file, open for reading and writing.
    ///
    /// # Errors
    /// [`Error`] when the process has too many open files.
    pub fn file(&self) -> Result<File, Error> {
        let file = match &self.content {
            Content::Nameless(file) => file,
            Content::Named(file) => file.as_file(),
        };
        file.try_clone().map_err(io("open", &self.target))
    }

    /// Makes the content durable and gives it its name; a regular file that has the name is
    /// replaced.
    ///
    /// # Errors
    /// [`Error`]. An existing file keeps the name, unless only the sync of the folder failed.
    pub fn publish(self) -> Result<(), Error> {
        replaceable(&self.target)?;
        let failed = io("write", &self.target);
        Durability::Synced.sync_file(&self.file()?, &self.target)?;
        let named = match self.content {
            Content::Named(file) => file.into_temp_path(),
            // A link cannot replace a file, but a rename can.
            Content::Nameless(file) => {
                let path = tempfile::Builder::new()
                    .prefix(PREFIX)
                    .make_in(&self.folder, |path| link(&file, path))
                    .map_err(failed)?;
                path.into_temp_path()
            }
        };
        named
            .persist(&self.target)
            .map_err(|error| failed(error.error))?;
        Durability::Synced.sync_dir(&self.folder)
    }
}

/// Whether [`NewFile::output`] would begin a file there, for those who have work to do before.
///
/// # Errors
/// As [`NewFile::create`].
pub fn check_output(path: &Path) -> Result<(), Error> {
    NewFile::output(path).map(drop)
}

/// Writes a whole file that gets the name `path`, durably, unless something has that name already:
/// then that stays. Of several processes that begin at once, the first wins. The folder must exist;
/// `mode` is as in [`NewFile::create`].
///
/// # Errors
/// [`Error`], as [`NewFile::publish`].
pub fn add(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let new = NewFile::begin(path, mode)?;
    new.file()?.write_all(bytes).map_err(io("write", path))?;
    Durability::Synced.sync_file(&new.file()?, path)?;
    let named = match &new.content {
        Content::Nameless(file) => link(file, path),
        Content::Named(file) => std::fs::hard_link(file.path(), path),
    };
    match named {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        outcome => outcome.map_err(io("write", path))?,
    }
    Durability::Synced.sync_dir(&new.folder)
}

/// Writes a whole file in the place of `path`, durably: readers and crashes find the old content or
/// the new one, never a part. The folder must exist; `mode` is as in [`NewFile::create`].
///
/// # Errors
/// [`Error`], as [`NewFile::publish`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let file = NewFile::create(path, mode)?;
    file.file()?.write_all(bytes).map_err(io("write", path))?;
    file.publish()
}

/// The path at which the kernel shows an open file. The link has no real target, but it can be
/// followed.
fn source(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn link(file: &File, path: &Path) -> std::io::Result<()> {
    rustix::fs::linkat(CWD, source(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

#[cfg(test)]
mod tests;
