//! What may be replaced: a regular file, or nothing at all.

use std::fs::FileType;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, io};

/// Links that are followed one after the other before they count as a loop, as in Linux.
const MAX_LINKS: usize = 40;

/// Permissions of the regular file that `path` names; none when nothing is there. A link is
/// refused like a device.
pub(crate) fn replaceable(path: &Path) -> Result<Option<u32>, Error> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("look at", path)(error)),
    };
    if metadata.is_file() {
        return Ok(Some(metadata.permissions().mode() & 0o7777));
    }
    let what = kind(metadata.file_type());
    let reason = format!("it is {what}, and only a regular file is ever replaced");
    Err(io("replace", path)(io::Error::new(
        ErrorKind::InvalidInput,
        reason,
    )))
}

/// The path that the symbolic links at `path` lead to, whether something is there or not.
///
/// # Errors
/// [`Error`] for a loop, and for a link that cannot be read.
pub fn follow_links(path: &Path) -> Result<PathBuf, Error> {
    let mut at = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = at.symlink_metadata().is_ok_and(|found| found.is_symlink());
        if !is_link {
            return Ok(at);
        }
        let target = std::fs::read_link(&at).map_err(io("follow", &at))?;
        at = at.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io("follow", path)(io::Error::other(
        "too many symbolic links",
    )))
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_block_device() {
        "a block device"
    } else if kind.is_char_device() {
        "a character device"
    } else if kind.is_fifo() {
        "a FIFO"
    } else {
        "a socket"
    }
}
