//! The folders of an image that the host's volumes are mounted on.

use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::io::Errno;

use crate::error::{Context as _, Error, Result};
use crate::inroot::{InRoot, checked_target};

/// Opens the folder at `target`, made when missing. `origin` is what is to be mounted there.
///
/// The image decides where its links lead, but not to the root itself or to a folder of the
/// kernel's: the machine would not work with anything else there.
pub(crate) fn open(root: &InRoot, target: &str, origin: &str) -> Result<OwnedFd> {
    let folder = match root.make_folder(checked_target(target)?) {
        Err(Errno::NOTDIR) => {
            return Err(Error::MountType {
                source_type: "folder",
                origin: origin.to_owned(),
                target: target.to_owned(),
                found: "a file",
            });
        }
        Err(Errno::EXIST) => {
            return Err(Error::DanglingLink {
                target: target.to_owned(),
            });
        }
        folder => folder.context(|| format!("make the mount point `{target}`"))?,
    };
    let place = root.place_of(&folder);
    match place.as_deref().map(is_free) {
        Some(true) => Ok(folder),
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
