//! Where a copy goes, by the rules of `docker cp`.
//!
//! | target | a file arrives | a folder arrives | the content of a folder, or an archive |
//! |---|---|---|---|
//! | missing | it is made under this name | it is made under this name | a folder is made under this name; not for an archive |
//! | missing, with `/` at its end | refused | as without | as without |
//! | a file | replaced | refused | refused |
//! | a folder | goes into it | goes into it | goes into it |

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::error::{Error, show};
use crate::source::{missing, open, split, without_slashes};

/// What arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival<'a> {
    /// A file, or anything else but a folder, of this name.
    File(&'a [u8]),
    /// A folder of this name.
    Folder(&'a [u8]),
    /// The content of a folder.
    Content,
    /// An archive as it is.
    Archive,
}

/// Where it goes.
#[derive(Debug)]
pub(crate) struct Place {
    /// The folder.
    pub(crate) folder: OwnedFd,
    /// Its path, for messages.
    pub(crate) path: Vec<u8>,
    /// The name in the folder; `None` for the folder itself.
    pub(crate) name: Option<Vec<u8>>,
}

impl Place {
    /// Decides where at `path` something goes.
    pub(crate) fn find(path: &Path, arrival: Arrival<'_>) -> Result<Self, Error> {
        let bytes = path.as_os_str().as_bytes();
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let name = match arrival {
                    Arrival::File(name) | Arrival::Folder(name) => Some(name.to_vec()),
                    Arrival::Content | Arrival::Archive => None,
                };
                let path = path.to_owned();
                Self::within(&path, name)
            }
            Ok(_) if matches!(arrival, Arrival::File(_)) => {
                let real = std::fs::canonicalize(path).map_err(|error| missing(bytes, error))?;
                match (real.parent(), real.file_name()) {
                    (Some(parent), Some(name)) => {
                        Self::within(parent, Some(name.as_bytes().to_vec()))
                    }
                    _ => Err(Error::NotFound { path: show(bytes) }),
                }
            }
            Ok(_) => Err(Error::Clash {
                path: show(bytes),
                found: "no folder",
                wanted: "a folder",
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::new_at(path, arrival)
            }
            Err(error) => Err(missing(bytes, error)),
        }
    }

    /// For a path at which there is nothing.
    fn new_at(path: &Path, arrival: Arrival<'_>) -> Result<Self, Error> {
        let bytes = path.as_os_str().as_bytes();
        let trimmed = without_slashes(bytes);
        let (parent, last) = split(trimmed);
        let needs_folder = match arrival {
            Arrival::File(_) => trimmed.len() < bytes.len(),
            Arrival::Archive => true,
            Arrival::Folder(_) | Arrival::Content => false,
        };
        // A link at the end leads nowhere.
        let is_link = std::fs::symlink_metadata(path).is_ok();
        if needs_folder || is_link || matches!(last, b"" | b"." | b"..") {
            return Err(Error::NotFound { path: show(bytes) });
        }
        Self::within(parent, Some(last.to_vec()))
    }

    fn within(folder: &Path, name: Option<Vec<u8>>) -> Result<Self, Error> {
        let path = folder.as_os_str().as_bytes().to_vec();
        Ok(Self {
            folder: open(folder).map_err(|error| missing(&path, error))?,
            path,
            name,
        })
    }
}

#[cfg(test)]
mod tests;
