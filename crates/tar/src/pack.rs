//! Makes an archive of a file or folder.
//!
//! What changes meanwhile may be copied in either state, but never breaks the archive: a file that
//! shrinks is filled up with zeros, and what has gone is left out.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::copied::Copied;
use crate::entry::{Entry, Kind};
use crate::error::{Error, show};
use crate::holes;
use crate::pseudo::Pseudo;
use crate::reader::NAME_MAX;
use crate::source::Source;
use crate::sparse::Segment;
use crate::time::Timestamp;
use crate::writer::Writer;

/// Number of bytes of a file that are read at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// Most folders below each other.
const DEPTH_MAX: usize = 1024;
/// Most files with several names that are remembered; the names of further ones become files.
const MOST_LINKED: usize = 1 << 20;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// A pipe or a device that took the place of a file must not block.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Writes an archive of `source`. Everything in it is below one name: that of the source, or `.` if
/// it stands for its content. `warn` is told what is left out.
///
/// # Errors
/// [`Error::Source`] for a source with nothing to copy, [`Error::System`] when something cannot be
/// read, [`Error::Stream`] when the archive cannot be written.
pub fn pack(
    source: &Source,
    output: impl Write,
    warn: &mut dyn FnMut(String),
) -> Result<Copied, Error> {
    let mut packer = Packer {
        writer: Writer::new(output),
        pseudo: Pseudo::mounted(),
        linked: HashMap::new(),
        copied: Copied::default(),
        buffer: vec![0; PIECE_BYTES],
        warn,
    };
    packer.root(source)?;
    packer.writer.finish()?;
    Ok(packer.copied)
}

struct Packer<'a, W> {
    writer: Writer<W>,
    pseudo: Pseudo,
    /// The first name of each file with several, by device and inode.
    linked: HashMap<(u64, u64), Vec<u8>>,
    copied: Copied,
    buffer: Vec<u8>,
    warn: &'a mut dyn FnMut(String),
}

/// A folder that is being walked.
struct Level {
    folder: OwnedFd,
    /// Its name in the archive.
    path: Vec<u8>,
    /// The names in it that are still to come, the next one last.
    names: Vec<Vec<u8>>,
}

impl<W: Write> Packer<'_, W> {
    fn root(&mut self, source: &Source) -> Result<(), Error> {
        let name = source.name();
        let (folder, file) = (source.folder(), source.file());
        let stat = rustix::fs::statat(folder, file, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(Error::system("read", name))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Socket {
            let (path, reason) = (show(name), "it is a socket");
            return Err(Error::Source { path, reason });
        }
        if self.pseudo.has(stat.st_dev) {
            let reason = "it is in a file system of the kernel";
            let path = show(name);
            return Err(Error::Source { path, reason });
        }
        let mut levels = Vec::new();
        levels.extend(self.node(folder, file, name.to_vec())?);
        while let Some(level) = levels.last_mut() {
            let Some(name) = level.names.pop() else {
                levels.pop();
                continue;
            };
            let path = [&level.path[..], b"/", &name].concat();
            if path.len() > NAME_MAX || levels.len() >= DEPTH_MAX {
                self.leave_out(&path, "its name is too long or too deep");
                continue;
            }
            let Some(level) = levels.last() else { break };
            let below = self.node(level.folder.as_fd(), &name, path)?;
            levels.extend(below);
        }
        Ok(())
    }

    /// Writes one object; returns the folder to walk if it is one.
    fn node(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &[u8],
        path: Vec<u8>,
    ) -> Result<Option<Level>, Error> {
        let os_name = OsStr::from_bytes(name);
        let stat = match rustix::fs::statat(folder, os_name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Error::system("read", &path)(error)),
        };
        let device = (
            rustix::fs::major(stat.st_rdev),
            rustix::fs::minor(stat.st_rdev),
        );
        let (major, minor) = device;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => return self.folder(folder, os_name, path, &stat),
            FileType::RegularFile => {
                self.file(folder, os_name, path, &stat)?;
                return Ok(None);
            }
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(folder, os_name, Vec::new())
                    .map_err(Error::system("read", &path))?;
                Kind::Link(target.into_bytes())
            }
            FileType::Fifo => Kind::Fifo,
            FileType::CharacterDevice => Kind::CharDevice { major, minor },
            FileType::BlockDevice => Kind::BlockDevice { major, minor },
            FileType::Socket => {
                self.leave_out(&path, "it is a socket");
                return Ok(None);
            }
            FileType::Unknown => {
                self.leave_out(&path, "its type is not known");
                return Ok(None);
            }
        };
        self.writer.entry(&entry(path, kind, &stat))?;
        self.copied.add(0);
        Ok(None)
    }

    fn folder(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        path: Vec<u8>,
        stat: &Stat,
    ) -> Result<Option<Level>, Error> {
        self.writer.entry(&Entry {
            path: [&path[..], b"/"].concat(),
            ..entry(Vec::new(), Kind::Folder, stat)
        })?;
        if self.pseudo.has(stat.st_dev) {
            return Ok(None);
        }
        let folder = match rustix::fs::openat(parent, name, FOLDER, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Error::system("open", &path)(error)),
        };
        let names = names(&folder).map_err(Error::system("list", &path))?;
        Ok(Some(Level {
            folder,
            path,
            names,
        }))
    }

    fn file(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &OsStr,
        path: Vec<u8>,
        stat: &Stat,
    ) -> Result<(), Error> {
        let id = (stat.st_dev, stat.st_ino);
        if stat.st_nlink > 1 {
            if let Some(first) = self.linked.get(&id) {
                let link = entry(path, Kind::HardLink(first.clone()), stat);
                self.copied.add(0);
                return self.writer.entry(&link);
            }
            if self.linked.len() < MOST_LINKED {
                self.linked.insert(id, path.clone());
            }
        }
        let file = match rustix::fs::openat(folder, name, FILE, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => {
                self.linked.remove(&id);
                return Ok(());
            }
            Err(error) => return Err(Error::system("open", &path)(error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(Error::system("read", &path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            self.linked.remove(&id);
            self.leave_out(&path, "it has changed");
            return Ok(());
        }
        let mut entry = entry(path, Kind::File, &stat);
        entry.size = u64::try_from(stat.st_size).unwrap_or(0);
        self.copied.add(entry.size);
        let bytes = match holes::segments(&file, &stat) {
            Some(segments) => {
                let bytes = self.writer.sparse(&entry, &segments)?;
                for segment in &segments {
                    self.part(&file, *segment, &entry.path)?;
                }
                bytes
            }
            None => {
                self.writer.entry(&entry)?;
                let (offset, length) = (0, entry.size);
                self.part(&file, Segment { offset, length }, &entry.path)?;
                length
            }
        };
        self.writer.pad(bytes)
    }

    /// Writes a part of a file.
    fn part(&mut self, file: &OwnedFd, part: Segment, path: &[u8]) -> Result<(), Error> {
        let Segment {
            mut offset,
            mut length,
        } = part;
        while length > 0 {
            let most = usize::try_from(length).unwrap_or(usize::MAX);
            let most = most.min(self.buffer.len());
            let buffer = self.buffer.get_mut(..most).unwrap_or_default();
            let read = match rustix::io::pread(file, &mut *buffer, offset) {
                Err(Errno::INTR) => continue,
                read => read.map_err(Error::system("read", path))?,
            };
            let read = if read == 0 {
                buffer.fill(0);
                most
            } else {
                read
            };
            self.writer.data(buffer.get(..read).unwrap_or_default())?;
            offset += read as u64;
            length -= read as u64;
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &[u8], reason: &str) {
        (self.warn)(format!("'{}' is left out: {reason}", show(path)));
    }
}

/// The names in a folder, sorted backward.
fn names(folder: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for item in Dir::read_from(folder)? {
        let name = item?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    Ok(names)
}

/// The entry of an object, without a size.
fn entry(path: Vec<u8>, kind: Kind, stat: &Stat) -> Entry {
    Entry {
        path,
        kind,
        mode: u16::try_from(stat.st_mode & 0o7777).unwrap_or(0),
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: Timestamp {
            seconds: stat.st_mtime,
            nanos: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
        },
        size: 0,
    }
}

#[cfg(test)]
mod tests;
