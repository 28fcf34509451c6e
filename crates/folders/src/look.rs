//! Looks at what is to be shared, before there is a machine.

use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use crate::attributes::Owners;
use crate::beneath::Beneath;
use crate::error::Error;

/// Something on the host that can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its absolute path, without links.
    pub path: PathBuf,
    /// Whether it is a file and not a folder.
    pub is_file: bool,
}

/// Finds a folder or a file; a relative path is one of the working folder.
///
/// # Errors
/// [`Error::Missing`], [`Error::Open`], [`Error::Kind`].
pub fn look(path: &Path) -> Result<Found, Error> {
    let found = std::fs::canonicalize(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::Missing {
            path: path.to_owned(),
        },
        _ => Error::Open {
            path: path.to_owned(),
            source,
        },
    })?;
    let (_, kind) = Beneath::open(&found, &Owners::of_this_process())?;
    Ok(Found {
        path: found,
        is_file: kind != FileType::Directory,
    })
}
