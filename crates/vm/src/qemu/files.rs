//! The files of a machine, opened for QEMU: it gets descriptors and no paths.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use rustix::fs::{MemfdFlags, memfd_create};

use super::arguments::{Beginning, given};
use crate::{BootRange, Disk, DiskFormat, DiskRange, Error, FileIdentity, LaunchPlan, parts};

/// Largest list of the parts of a disk, in bytes.
const LONGEST_LIST: u64 = 1024 * 1024;

/// Opened files.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Kernel and initramfs, which QEMU opens again.
    pub(super) boot: Vec<OwnedFd>,
    /// The files of each disk, the one that stands for the disk first.
    pub(super) disks: Vec<Vec<OwnedFd>>,
    /// Size of the largest disk that the machine writes, in bytes.
    pub(super) largest: u64,
}

impl Files {
    /// Opens what a machine needs that begins in this way. It blocks.
    pub(super) fn open(plan: &LaunchPlan, beginning: Beginning) -> Result<Self, Error> {
        let mut files = Self::default();
        if !matches!(beginning, Beginning::Restore { .. }) {
            files.boot = match &plan.boot_ranges {
                None => vec![readable(&plan.kernel)?, readable(&plan.initramfs)?],
                Some(ranges) => vec![
                    checked_range(&plan.kernel, &ranges.kernel)?,
                    checked_range(&plan.initramfs, &ranges.initramfs)?,
                ],
            };
        }
        // A template has empty disks.
        if !matches!(beginning, Beginning::Template { .. }) {
            for disk in &plan.disks {
                let opened = match disk.format {
                    DiskFormat::Raw => vec![files.whole(disk)?],
                    DiskFormat::Range(range) => vec![same_file(&disk.path, &range)?],
                    DiskFormat::Parts => joined(&disk.path)?,
                };
                files.disks.push(opened);
            }
        }
        Ok(files)
    }

    fn whole(&mut self, disk: &Disk) -> Result<OwnedFd, Error> {
        let opened = File::options()
            .read(true)
            .write(!disk.read_only)
            .open(&disk.path);
        let file = opened.map_err(Error::io("open", &disk.path))?;
        if !disk.read_only {
            let size = file
                .metadata()
                .map_err(Error::io("measure", &disk.path))?
                .len();
            self.largest = self.largest.max(size);
        }
        Ok(file.into())
    }
}

/// A file that QEMU can open again as whatever user: a copy in memory of one that is not for everybody.
fn readable(path: &Path) -> Result<OwnedFd, Error> {
    const FOR_OTHERS: u32 = 0o4;
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let metadata = file.metadata().map_err(Error::io("open", path))?;
    if metadata.mode() & FOR_OTHERS != 0 {
        return Ok(file.into());
    }
    let mut copy = || {
        let mut copy = in_memory()?;
        io::copy(&mut file, &mut copy)?;
        copy.rewind()?;
        Ok(copy.into())
    };
    copy().map_err(Error::io("copy", path))
}

/// The file with a disk in it, if it is still the one that was looked at.
fn same_file(path: &Path, range: &DiskRange) -> Result<OwnedFd, Error> {
    let file = lazaret_files::open_regular(path).map_err(Error::io("open", path))?;
    let now = FileIdentity::of(&file).map_err(Error::io("inspect", path))?;
    if now != range.file {
        return Err(Error::FileChanged {
            path: path.to_owned(),
        });
    }
    Ok(file.into())
}

/// Largest kernel or initramfs in a range of a file, in bytes: it is copied into memory.
const LARGEST_RANGE: u64 = 1 << 30;
/// Bytes that are copied at a time.
const PIECE: u64 = 1 << 20;

/// A copy in memory of a range of a file, whose content has its hash.
fn checked_range(path: &Path, range: &BootRange) -> Result<OwnedFd, Error> {
    let changed = || Error::FileChanged {
        path: path.to_owned(),
    };
    if range.length > LARGEST_RANGE || range.offset.checked_add(range.length).is_none() {
        return Err(changed());
    }
    let file = lazaret_files::open_regular(path).map_err(Error::io("open", path))?;
    let copy = || {
        let mut copy = in_memory()?;
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; usize::try_from(PIECE.min(range.length)).unwrap_or_default()];
        let mut done = 0;
        while done < range.length {
            let length = usize::try_from(PIECE.min(range.length - done)).unwrap_or_default();
            file.read_exact_at(&mut buffer[..length], range.offset + done)?;
            context.update(&buffer[..length]);
            copy.write_all(&buffer[..length])?;
            done += length as u64;
        }
        copy.rewind()?;
        Ok((copy, context.finish()))
    };
    let (copy, hash) = copy().map_err(Error::io("copy", path))?;
    match lazaret_values::hex(hash.as_ref()) == range.sha256 {
        true => Ok(copy.into()),
        false => Err(changed()),
    }
}

/// The parts of a disk, behind a list of them that names descriptors.
fn joined(list: &Path) -> Result<Vec<OwnedFd>, Error> {
    let mut text = String::new();
    let file = File::open(list).map_err(Error::io("open", list))?;
    let read = file.take(LONGEST_LIST).read_to_string(&mut text);
    read.map_err(Error::io("read", list))?;
    let mut opened: Vec<(PathBuf, OwnedFd)> = Vec::new();
    let text = parts::rename(&text, |path| {
        if let Some((_, file)) = opened.iter().find(|(known, _)| known == path) {
            return Ok(given(file.as_raw_fd()));
        }
        let file: OwnedFd = File::open(path).map_err(Error::io("open", path))?.into();
        let name = given(file.as_raw_fd());
        opened.push((path.to_owned(), file));
        Ok(name)
    })?;
    let make = || {
        let mut copy = in_memory()?;
        copy.write_all(text.as_bytes())?;
        // QEMU takes only a descriptor that cannot be written for a disk that cannot.
        File::open(format!("/proc/self/fd/{}", copy.as_raw_fd()))
    };
    let list = make().map_err(Error::io("copy", list))?;
    let files = opened.into_iter().map(|(_, file)| file);
    Ok([OwnedFd::from(list)].into_iter().chain(files).collect())
}

fn in_memory() -> io::Result<File> {
    Ok(memfd_create(c"lazaret", MemfdFlags::CLOEXEC)?.into())
}

#[cfg(test)]
mod tests;
