//! Copies a folder with everything in it, as it is: owners, modes, times, extended attributes, links,
//! hard links, devices.
//!
//! Nobody else changes source or target meanwhile. Objects of other file systems are left out.

use std::collections::HashMap;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags,
};
use rustix::io::Errno;

use crate::inroot::path_of;

/// The folder itself, as a name in it.
const ITSELF: &str = ".";

/// Copies what is in `from`, and its own attributes, to the empty folder `to`.
pub(crate) fn copy_folder(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    let stat = rustix::fs::fstat(from)?;
    let mut copying = Copying {
        device: stat.st_dev,
        top: to,
        first_names: HashMap::new(),
    };
    copying.content(from, to, Path::new(""))?;
    take_over(from, to, OsStr::new(ITSELF), &stat)
}

struct Copying<'a> {
    /// Device number of the file system that is copied.
    device: u64,
    /// The folder that everything is copied to.
    top: &'a OwnedFd,
    /// Names in `top` of objects that have several names, by device and inode number.
    first_names: HashMap<(u64, u64), PathBuf>,
}

impl Copying<'_> {
    /// Copies everything in a folder, which is `place` below `top`.
    fn content(&mut self, from: &OwnedFd, to: &OwnedFd, place: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(path_of(from))? {
            let name = entry?.file_name();
            let stat = rustix::fs::statat(from, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            self.object(from, to, &name, &stat, &place.join(&name))?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        name: &OsStr,
        stat: &Stat,
        place: &Path,
    ) -> io::Result<()> {
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::Directory && stat.st_nlink > 1 {
            let identity = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.first_names.get(&identity) {
                rustix::fs::linkat(self.top, first, to, name, AtFlags::empty())?;
                return Ok(());
            }
            self.first_names.insert(identity, place.to_owned());
        }
        match kind {
            FileType::Directory if stat.st_dev != self.device => return Ok(()),
            FileType::Directory => {
                rustix::fs::mkdirat(to, name, Mode::RWXU)?;
                let (from, to) = (open(from, name)?, open(to, name)?);
                self.content(&from, &to, place)?;
            }
            FileType::RegularFile => copy_bytes(from, to, name)?,
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(from, name, Vec::new())?;
                rustix::fs::symlinkat(target, to, name)?;
            }
            kind => rustix::fs::mknodat(to, name, kind, Mode::RUSR, stat.st_rdev)?,
        }
        take_over(from, to, name, stat)
    }
}

fn open(folder: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty())
}

fn copy_bytes(from: &OwnedFd, to: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let from = rustix::fs::openat(from, name, flags | OFlags::RDONLY, Mode::empty())?;
    let new = flags | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let to = rustix::fs::openat(to, name, new, Mode::RUSR | Mode::WUSR)?;
    io::copy(&mut File::from(from), &mut File::from(to))?;
    Ok(())
}

/// Gives the copy the attributes of its original. The order matters: a new owner takes set-uid bits
/// and capabilities away, and every change moves the times.
fn take_over(from: &OwnedFd, to: &OwnedFd, name: &OsStr, stat: &Stat) -> io::Result<()> {
    let (owner, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    let stays = AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::chownat(to, name, Some(owner), Some(group), stays)?;
    copy_attributes(&path_of(from).join(name), &path_of(to).join(name))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
        rustix::fs::chmodat(to, name, mode, AtFlags::empty())?;
    }
    let time = |tv_sec, nanoseconds: u64| Timespec {
        tv_sec,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or_default(),
    };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    };
    Ok(rustix::fs::utimensat(to, name, &times, stays)?)
}

/// Copies the extended attributes, access control lists and capabilities among them.
fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let mut names = match rustix::fs::llistxattr_query(from) {
        Ok(length) => vec![0; length],
        Err(Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let length = rustix::fs::llistxattr(from, &mut names[..])?;
    names.truncate(length);
    for name in names.split_inclusive(|byte| *byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        let mut value = vec![0; rustix::fs::lgetxattr_query(from, name)?];
        let length = rustix::fs::lgetxattr(from, name, &mut value[..])?;
        value.truncate(length);
        match rustix::fs::lsetxattr(to, name, &value, XattrFlags::empty()) {
            // An attribute of a kind that this kernel's ext4 does not have.
            Err(Errno::NOTSUP) => {}
            set => set?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
