//! A file that has no name until it is whole.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::NamedTempFile;

use crate::Error;

/// A file in the making. Dropped, or with the process killed, it is gone; on file systems that cannot
/// have files without a name, a killed process leaves one that starts with `.lazaret-`.
pub(crate) struct Staged {
    target: PathBuf,
    folder: PathBuf,
    content: Content,
}

enum Content {
    Nameless(File),
    Named(NamedTempFile),
}

impl Staged {
    /// Starts a file that is to become `target`.
    pub(crate) fn create(target: &Path) -> Result<Self, Error> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let nameless = rustix::fs::open(folder, flags, Mode::from_raw_mode(0o644)).ok();
        // Without /proc it could not be given a name.
        let nameless = nameless.filter(|file| Path::new(&source(file)).exists());
        let content = match nameless {
            Some(file) => Content::Nameless(file.into()),
            None => Content::Named(
                tempfile::Builder::new()
                    .prefix(".lazaret-")
                    .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
                    .tempfile_in(folder)
                    .map_err(Error::io("create a file in", folder))?,
            ),
        };
        Ok(Self {
            target: target.to_owned(),
            folder: folder.to_owned(),
            content,
        })
    }

    /// The file, open for reading and writing.
    pub(crate) fn file(&self) -> Result<File, Error> {
        let file = match &self.content {
            Content::Nameless(file) => file,
            Content::Named(file) => file.as_file(),
        };
        file.try_clone().map_err(Error::io("open", &self.target))
    }

    /// Makes the content durable and gives it its name; a file that has the name is replaced.
    pub(crate) fn publish(self) -> Result<(), Error> {
        let failed = Error::io("write", &self.target);
        self.file()?.sync_all().map_err(failed)?;
        let failed = Error::io("write", &self.target);
        let named = match self.content {
            Content::Named(file) => file.into_temp_path(),
            // A link cannot replace a file, a rename can.
            Content::Nameless(file) => {
                let path = tempfile::Builder::new()
                    .prefix(".lazaret-")
                    .make_in(&self.folder, |path| link(&file, path))
                    .map_err(failed)?;
                path.into_temp_path()
            }
        };
        named
            .persist(&self.target)
            .map_err(|error| Error::io("write", &self.target)(error.error))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::io("sync", &self.folder))
    }
}

/// Where the kernel shows an open file. A link to no name: following it works all the same.
fn source(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn link(file: &File, path: &Path) -> std::io::Result<()> {
    rustix::fs::linkat(CWD, source(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let target = folder.path().join("disk");
        let staged = Staged::create(&target).unwrap();
        staged.file().unwrap().write_all(b"half").unwrap();
        drop(staged);
        assert_eq!(names(), 0);
        for content in [b"first", b"other"] {
            let staged = Staged::create(&target).unwrap();
            staged.file().unwrap().write_all(content).unwrap();
            staged.publish().unwrap();
            assert_eq!(std::fs::read(&target).unwrap(), content);
            assert_eq!(names(), 1);
        }
    }
}
