//! The folders and files of an image that the host's volumes and folders are mounted on.

use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::error::{Context as _, Error, Result};
use crate::inroot::{InRoot, checked_target};

/// Opens the folder at `target`, made when missing. `origin` is what is to be mounted there.
///
/// The image decides where its links lead, but not to the root itself or to a folder of the
/// kernel's: the machine would not work with anything else there.
pub(crate) fn open(root: &InRoot, target: &str, origin: &str) -> Result<OwnedFd> {
    let folder = match root.make_folder(checked_target(target)?) {
        Err(Errno::NOTDIR) => return Err(mismatch("folder", origin, target, "a file")),
        folder => folder,
    };
    checked(root, folder, target)
}

/// Opens the file at `target` in the same way.
pub(crate) fn open_file(root: &InRoot, target: &str, origin: &str) -> Result<OwnedFd> {
    let file = checked(root, root.make_file(checked_target(target)?), target)?;
    let stat = rustix::fs::fstat(&file).context(|| format!("read `{target}`"))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Err(mismatch("file", origin, target, "a folder")),
        _ => Ok(file),
    }
}

fn mismatch(source_type: &'static str, origin: &str, target: &str, found: &'static str) -> Error {
    Error::MountType {
        source_type,
        origin: origin.to_owned(),
        target: target.to_owned(),
        found,
    }
}

fn checked(root: &InRoot, found: Result<OwnedFd, Errno>, target: &str) -> Result<OwnedFd> {
    let found = match found {
        Err(Errno::EXIST) => {
            return Err(Error::DanglingLink {
                target: target.to_owned(),
            });
        }
        found => found.context(|| format!("make the mount point `{target}`"))?,
    };
    let place = root.place_of(&found);
    match place.as_deref().map(is_free) {
        Some(true) => Ok(found),
        _ => Err(Error::Refused {
            field: "mount target",
            value: target.to_owned(),
            reason: "a link of the image leads from there to a folder of the machine's own",
        }),
    }
}

/// Whether something may be mounted at this place, a path below the root.
fn is_free(place: &Path) -> bool {
    match place.components().next() {
        Some(Component::Normal(name)) => name != "proc" && name != "sys" && name != "dev",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
