//! Mounts volumes into the workload's root.
//!
//! ```text
//! /mnt/disks/S       disk S, ext4
//!   data             the content of the volume: the only part that a workload sees
//!   copied           present when `data` has once got what an image has at the target
//!   copying          what is to become `data`, incomplete
//! ```
//! `data` appears by a rename, when everything is on the disk: a machine that dies earlier leaves
//! `copying`, which the next one makes anew.
//!
//! A volume may come from a machine that wanted to harm the next one: links on it are not followed.

use std::os::fd::OwnedFd;
use std::path::Path;

use lazaret_protocol::VolumeMount;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::disks::{self, Access, Filesystem};
use crate::duplicate::copy_folder;
use crate::error::{Context as _, Result};
use crate::inroot::{InRoot, path_of};
use crate::mounts::{bind, disk_folder, make_read_only};
use crate::{closing, mount_point};

const CONTENT: &str = "data";
const COPIED: &str = "copied";
const UNFINISHED: &str = "copying";

/// An empty folder, for a volume that has no content and cannot be given any.
const EMPTY: &str = "/mnt/empty";

/// Whether the disk with this serial is attached writable: one of its mounts is.
pub(crate) fn is_writable(mounts: &[VolumeMount], serial: &str) -> bool {
    mounts
        .iter()
        .any(|mount| mount.serial == serial && !mount.read_only)
}

/// Mounts the disks of volumes, each once, where only this program sees them.
pub(crate) fn attach_all(mounts: &[VolumeMount]) -> Result<()> {
    for (index, mount) in mounts.iter().enumerate() {
        let serial = &mount.serial;
        if mounts[..index].iter().any(|other| other.serial == *serial) {
            continue;
        }
        let disk = disk_folder(serial)?;
        let access = match is_writable(mounts, serial) {
            true => Access::Writable,
            false => Access::ReadOnly,
        };
        disks::mount(serial, Some(Filesystem::Ext4), access, &disk)?;
        if access == Access::Writable {
            let root = open_folder(&disk).context(|| format!("open volume `{serial}`"))?;
            closing::keep(root);
        }
    }
    Ok(())
}

/// Mounts the content of a volume, which gets what the image has there if it is to be and never had
/// any. `writable` says how the disk is attached.
pub(crate) fn mount(root: &InRoot, mount: &VolumeMount, writable: bool) -> Result<()> {
    let VolumeMount { serial, target, .. } = mount;
    let folder = mount_point::open(root, target, serial)?;
    let disk = disk_folder(serial)?;
    if writable {
        let what = || format!("copy `{target}` of the image to volume `{serial}`");
        let image = image_folder(root, &folder, mount.copy).context(what)?;
        fill(&disk, image.as_ref()).context(what)?;
    }
    let content = match content(&disk) {
        Err(Errno::NOENT) if mount.copy => path_of(&folder),
        Err(Errno::NOENT) => {
            std::fs::create_dir_all(EMPTY).context(|| format!("make {EMPTY}"))?;
            Path::new(EMPTY).to_owned()
        }
        found => {
            let found = found.context(|| format!("find the content of volume `{serial}`"))?;
            bind(&path_of(&found), &folder, target)?;
            return finish(root, mount);
        }
    };
    bind(&content, &folder, target)?;
    finish(root, mount)
}

fn finish(root: &InRoot, mount: &VolumeMount) -> Result<()> {
    match mount.read_only {
        true => make_read_only(root, Path::new(&mount.target)),
        false => Ok(()),
    }
}

/// The folder of the image whose content a volume gets. What another file system has there is not
/// the image's.
fn image_folder(root: &InRoot, folder: &OwnedFd, copy: bool) -> Result<Option<OwnedFd>, Errno> {
    if !copy || rustix::fs::fstat(folder)?.st_dev != root.device()? {
        return Ok(None);
    }
    open_folder(&path_of(folder)).map(Some)
}

/// Gives a volume its content folder, as that of the image if there is one.
fn fill(disk: &Path, image: Option<&OwnedFd>) -> std::io::Result<()> {
    let marker = disk.join(COPIED);
    let has_content = match image {
        Some(image) => !is_empty(&path_of(image))?,
        None => false,
    };
    match content(disk) {
        Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
        Ok(found) => {
            let is_touched = marker.symlink_metadata().is_ok() || !is_empty(&path_of(&found))?;
            if is_touched || !has_content {
                return Ok(());
            }
        }
    }
    let unfinished = disk.join(UNFINISHED);
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::create_dir(&unfinished)?;
    if let Some(image) = image {
        copy_folder(image, &open_folder(&unfinished)?)?;
    }
    let root = open_folder(disk)?;
    rustix::fs::syncfs(&root)?;
    // An empty folder of that name is replaced.
    std::fs::rename(&unfinished, disk.join(CONTENT))?;
    if has_content {
        std::fs::File::create(&marker)?;
    }
    Ok(rustix::fs::syncfs(&root)?)
}

/// The content folder of a volume.
fn content(disk: &Path) -> Result<OwnedFd, Errno> {
    let disk = open_folder(disk)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    rustix::fs::openat2(&disk, CONTENT, flags, Mode::empty(), resolve)
}

fn open_folder(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

#[cfg(test)]
mod tests;
