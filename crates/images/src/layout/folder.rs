//! The files of a layout in a folder.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lazaret_files::optional;

use super::files::Files;
use super::names::{INDEX, MARK};
use crate::blob::FileRange;
use crate::error::{Error, io, unusable};

/// A folder that holds a layout.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Whether `folder` holds a layout.
    pub(crate) fn is_at(folder: &Path) -> bool {
        folder.join(INDEX).is_file() && folder.join(MARK).is_file()
    }

    /// The layout in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl Files for Folder {
    fn place(&self) -> &Path {
        &self.0
    }

    /// Only a regular file counts: a link could lead to any file of this machine.
    fn file(&self, name: &str) -> Result<Option<FileRange>, Error> {
        let path = self.0.join(name);
        let Some(metadata) = optional(path.symlink_metadata(), "inspect", &path)? else {
            return Ok(None);
        };
        if !metadata.is_file() {
            return Err(unusable(&self.0, format!("{name} is not a regular file")));
        }
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let file = File::options().read(true).custom_flags(flags).open(&path);
        FileRange::whole(file.map_err(io("open", &path))?, &path).map(Some)
    }
}
