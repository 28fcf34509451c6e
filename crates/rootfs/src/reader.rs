//! Reads ext4 and EROFS disks without mounting them: disks that this crate writes, and others with
//! the same features.
//!
//! Nothing on the disk is trusted: for any bytes, calls end in a value or an error, in
//! time and memory bounded by [`Limits`] and by the room that the disk takes on the host.

mod budget;
mod clusters;
mod erofs;
mod ext4;
mod fields;
mod format;
mod image;
mod stat;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::File;
use std::sync::{Mutex, PoisonError};

pub(crate) use budget::Budget;
pub(crate) use fields::Fields;
use format::Format;
pub use image::DiskRange;
pub(crate) use image::damaged;
use image::{Cluster, Image, Stretch};
pub use stat::{ObjectKind, Stat};

use crate::error::{Error, show};
use crate::options::{FileSystem, Limits};
use crate::tree::SYMLINK_MAX;

/// Longest name of a directory entry, in bytes.
const NAME_MAX: usize = 255;

/// A disk that is open for reading.
pub struct DiskReader {
    format: Box<dyn Format>,
    file_system: FileSystem,
    limits: Limits,
    /// Bytes that the disk takes on the host.
    allocated: u64,
    /// The cluster that was decompressed last, for sequential reads.
    unpacked: Mutex<Option<(Cluster, Vec<u8>)>>,
}

impl DiskReader {
    /// Opens a disk and recognises its file system by its first blocks. `limits` bound what a
    /// [`walk`](Self::walk) takes.
    ///
    /// # Errors
    /// [`Error::Damaged`] for bytes that are no disk, or a disk with unknown features;
    /// [`Error::Unclosed`] for an ext4 whose journal is not empty.
    pub fn open(file: File, limits: Limits) -> Result<Self, Error> {
        let metadata = file.metadata().map_err(|source| Error::Read {
            what: "the disk".to_owned(),
            source,
        })?;
        let whole = DiskRange {
            file,
            offset: 0,
            length: metadata.len(),
        };
        Self::open_parts(vec![whole], limits)
    }

    /// As [`open`](Self::open), for a disk that consists of several ranges of files, one after the
    /// other.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_parts(parts: Vec<DiskRange>, limits: Limits) -> Result<Self, Error> {
        let image = Image::new(parts)?;
        let allocated = image.allocated;
        let superblock: [u8; 1024] = image.bytes(1024)?;
        let (file_system, format): (_, Box<dyn Format>) = if erofs::is(&superblock) {
            (
                FileSystem::Erofs,
                Box::new(erofs::Erofs::open(image, &superblock)?),
            )
        } else if ext4::is(&superblock) {
            (
                FileSystem::Ext4,
                Box::new(ext4::Ext4::open(image, &superblock)?),
            )
        } else {
            return Err(damaged("it carries neither ext4 nor EROFS"));
        };
        Ok(Self {
            format,
            file_system,
            limits,
            allocated,
            unpacked: Mutex::new(None),
        })
    }

    /// The file system of the disk.
    pub fn file_system(&self) -> FileSystem {
        self.file_system
    }

    /// Whether whoever wrote to it last has closed it. A disk that is mounted is not closed; when all
    /// writes are held back, it can be read all the same.
    pub fn is_closed(&self) -> bool {
        self.format.is_closed()
    }

    /// Visits every name in the order of the disk, a directory before its content. Paths have no
    /// leading `/`; the path of the root is empty.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::LimitExceeded`], and those of `visit`.
    pub fn walk(
        &self,
        mut visit: impl FnMut(&[u8], &Stat) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let root = self.root()?;
        if root.kind != ObjectKind::Directory {
            return Err(damaged("its root is no directory"));
        }
        visit(b"", &root)?;
        let mut budget = self.budget();
        let mut seen = HashSet::from([root.inode]);
        let mut pending = vec![(Vec::new(), root)];
        while let Some((path, directory)) = pending.pop() {
            let mut below = Vec::new();
            for (name, inode) in self.names(&directory, &mut budget)? {
                let stat = self.format.stat(inode)?;
                let mut whole = path.clone();
                if !whole.is_empty() {
                    whole.push(b'/');
                }
                whole.extend_from_slice(&name);
                budget.entry(whole.len())?;
                budget.stat(&stat)?;
                if stat.kind != ObjectKind::Directory {
                    visit(&whole, &stat)?;
                } else if seen.insert(inode) {
                    visit(&whole, &stat)?;
                    below.push((whole, stat));
                } else {
                    return Err(damaged("a directory has two names"));
                }
            }
            below.reverse();
            pending.append(&mut below);
        }
        Ok(())
    }

    /// Looks a path up; symbolic links are not followed.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::LimitExceeded`].
    pub fn lookup(&self, path: impl AsRef<[u8]>) -> Result<Option<Stat>, Error> {
        let mut budget = self.budget();
        let mut at = self.format.stat(self.format.root())?;
        for part in crate::path::components(path.as_ref()) {
            if at.kind != ObjectKind::Directory {
                return Ok(None);
            }
            let names = self.names(&at, &mut budget)?;
            match names.iter().find(|(name, _)| name == part) {
                Some((_, inode)) => at = self.format.stat(*inode)?,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Reads a file's content from byte `at` on; returns the number of bytes, 0 at the end.
    ///
    /// # Errors
    /// [`Error::Damaged`], also for a file of more than `Limits::bytes`; [`Error::Read`].
    pub fn read(&self, stat: &Stat, at: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        if at >= stat.size || buffer.is_empty() {
            return Ok(0);
        }
        let stretch = self.format.map(stat, at)?;
        if stat.size > self.limits.bytes {
            return Err(damaged("a file is longer than a disk may be"));
        }
        let length = match stretch {
            Stretch::Disk { length, .. } | Stretch::Hole { length } => length,
            Stretch::Packed { cluster, from } => cluster.size.saturating_sub(from) as u64,
        };
        if length == 0 {
            return Err(damaged("a file has no content where it should"));
        }
        let length = length.min(stat.size - at).min(buffer.len() as u64);
        let buffer = &mut buffer[..usize::try_from(length).unwrap_or(0)];
        match stretch {
            Stretch::Disk { at, .. } => self.format.image().read(at, buffer)?,
            Stretch::Hole { .. } => buffer.fill(0),
            Stretch::Packed { cluster, from } => self.unpack(cluster, from, buffer)?,
        }
        Ok(buffer.len())
    }

    /// Fills a buffer with the content of a cluster, starting at byte `from` of it.
    fn unpack(&self, cluster: Cluster, from: usize, buffer: &mut [u8]) -> Result<(), Error> {
        let mut last = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        let content = match last.take() {
            Some((of, content)) if of == cluster => content,
            _ => self.format.image().cluster(cluster)?,
        };
        buffer.copy_from_slice(&content[from..from + buffer.len()]);
        *last = Some((cluster, content));
        Ok(())
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Read`].
    pub fn read_link(&self, stat: &Stat) -> Result<Vec<u8>, Error> {
        let length = usize::try_from(stat.size).unwrap_or(usize::MAX);
        if length > SYMLINK_MAX {
            return Err(damaged("a symbolic link is too long"));
        }
        let mut target = vec![0; length];
        let mut filled = 0;
        while filled < length {
            filled += self.read(stat, filled as u64, &mut target[filled..])?;
        }
        Ok(target)
    }

    /// What a reading of many names and attributes of this disk may take.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(self.limits, self.allocated)
    }

    /// The bounds of this reader.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The metadata of the root directory.
    pub(crate) fn root(&self) -> Result<Stat, Error> {
        self.format.stat(self.format.root())
    }

    /// The metadata of an inode.
    pub(crate) fn stat(&self, inode: u64) -> Result<Stat, Error> {
        self.format.stat(inode)
    }

    /// All names of a directory.
    pub(crate) fn names(
        &self,
        stat: &Stat,
        budget: &mut Budget,
    ) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        budget.bytes(stat.size)?;
        let mut all = Vec::new();
        let unit = self.format.block_size();
        let mut block = vec![0; usize::try_from(unit).unwrap_or(0)];
        let mut at = 0;
        while at < stat.size {
            let length = usize::try_from((stat.size - at).min(unit)).unwrap_or(0);
            let mut filled = 0;
            while filled < length {
                let from = at + filled as u64;
                if let Stretch::Hole { .. } = self.format.map(stat, from)? {
                    return Err(damaged("a directory has a hole"));
                }
                filled += self.read(stat, from, &mut block[filled..length])?;
            }
            for (name, inode) in self.format.names(&block[..length])? {
                let is_one = (1..=NAME_MAX).contains(&name.len())
                    && !name.contains(&b'/')
                    && !name.contains(&0);
                if !is_one {
                    return Err(damaged("a directory has a name that none can be"));
                }
                budget.entry(name.len())?;
                all.push((name.to_vec(), inode));
            }
            at += length as u64;
        }
        Ok(all)
    }
}

impl std::fmt::Debug for DiskReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = show(format!("{:?}", self.file_system).as_bytes());
        f.debug_tuple("DiskReader").field(&name).finish()
    }
}
