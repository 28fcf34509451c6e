//! Unpacks an archive below a folder, and nowhere else.
//!
//! Whoever made the archive, and whoever works in the target meanwhile, may be hostile:
//!
//! * every path is resolved by the kernel beneath the opened folder, without links on the way
//!   (`openat2`); names with `..`, absolute ones and those with a NUL are refused
//! * a file is always a new one; what stands there is removed if it is of the same kind, never
//!   written to, and anything else is an error
//! * links are written as they are and never followed; hard links lead only to what this copy made
//! * folders that were there keep their owner, mode and time
//! * memory is bounded, whatever the number and size of the entries

mod beneath;
mod file;

use std::io::Read;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Gid, Mode, Timespec, Timestamps, Uid};
use rustix::io::Errno;
use rustix::time::ClockId;

use crate::copied::Copied;
use crate::entry::{Entry, Kind};
use crate::error::{Error, show};
use crate::place::{Arrival, Place};
use crate::reader::Reader;
use crate::time::Timestamp;
use beneath::{Beneath, Spot};

/// Most folders below each other.
pub(crate) const DEPTH_MAX: usize = 1024;

/// What is unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpacking {
    /// One file or folder, as `pack` wrote it, under this name where the target does not give it
    /// another; `None` for the name in the archive.
    One(Option<Vec<u8>>),
    /// An archive as it is, into a folder that exists.
    Archive,
}

/// How things are unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Owners are kept where that is permitted, and with them the setuid and setgid bits. Otherwise
    /// everything belongs to this process's user.
    pub owners: bool,
    /// Device nodes are made. Otherwise they are left out.
    pub devices: bool,
}

/// Unpacks an archive to `target`. `warn` is told what is left out.
///
/// # Errors
/// [`Error::Incomplete`] around the cause once something was written. [`Error::NotFound`],
/// [`Error::NotAFolder`] and [`Error::Clash`] when the target does not permit it;
/// [`Error::Refused`], [`Error::Malformed`] and [`Error::Truncated`] for a bad archive;
/// [`Error::System`] when something cannot be written, [`Error::Stream`] when the archive cannot be
/// read.
pub fn unpack(
    input: impl Read,
    target: &Path,
    what: &Unpacking,
    options: Options,
    warn: &mut dyn FnMut(String),
) -> Result<Copied, Error> {
    let mut reader = Reader::new(input);
    let mut next = reader.next_entry()?;
    let (root, place) = match (what, &next) {
        (Unpacking::Archive, _) => (Root::None, Place::find(target, Arrival::Archive)?),
        (Unpacking::One(_), None) => return Err(Error::Truncated),
        (Unpacking::One(given), Some(first)) => {
            let root = Root::of(first)?;
            let place = Place::find(target, root.arrival(first, given.as_deref())?)?;
            (root, place)
        }
    };
    let mut unpacker = Unpacker {
        beneath: Beneath::new(place.folder, place.path),
        name: place.name,
        root,
        options,
        since: rustix::time::clock_gettime(ClockId::RealtimeCoarse),
        made: Vec::new(),
        copied: Copied::default(),
        may_chown: true,
        has_written: false,
        warn,
    };
    while let Some(entry) = next {
        unpacker
            .entry(&entry, &mut reader)
            .map_err(|error| unpacker.incomplete(&entry, error))?;
        next = reader
            .next_entry()
            .map_err(|error| unpacker.partial(error))?;
    }
    if matches!(what, Unpacking::One(_)) && !reader.has_end_mark() {
        return Err(unpacker.partial(Error::Truncated));
    }
    unpacker
        .leave(&[])
        .map_err(|error| unpacker.partial(error))?;
    reader.drain();
    Ok(unpacker.copied)
}

/// The name in the archive below which everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    /// Names stand for themselves.
    None,
    /// The first component of each name is this one, which the target's name replaces.
    Name(Vec<u8>),
}

impl Root {
    fn of(first: &Entry) -> Result<Self, Error> {
        match components(&first.path)?.as_slice() {
            [] => Ok(Self::None),
            [name] => Ok(Self::Name(name.to_vec())),
            _ => Err(Error::refused(&first.path, "it is not what was asked for")),
        }
    }

    fn arrival<'a>(&'a self, first: &Entry, given: Option<&'a [u8]>) -> Result<Arrival<'a>, Error> {
        match (self, &first.kind) {
            (Self::None, Kind::Folder) => Ok(Arrival::Content),
            (Self::None, _) => Err(Error::NotAFolder {
                path: show(&first.path),
            }),
            (Self::Name(name), Kind::Folder) => Ok(Arrival::Folder(given.unwrap_or(name))),
            (Self::Name(name), _) => Ok(Arrival::File(given.unwrap_or(name))),
        }
    }
}

struct Unpacker<'a> {
    beneath: Beneath,
    /// The name of everything in the folder, if it is not the folder itself.
    name: Option<Vec<u8>>,
    root: Root,
    options: Options,
    /// When this began, by the clock of file systems.
    since: Timespec,
    /// The folders that were made and are not complete, each in the one before it.
    made: Vec<(Vec<Vec<u8>>, Attributes)>,
    copied: Copied,
    /// Whether owners can be set, as far as is known.
    may_chown: bool,
    has_written: bool,
    warn: &'a mut dyn FnMut(String),
}

/// What an object has beside its content.
#[derive(Debug, Clone, Copy)]
struct Attributes {
    mode: u16,
    uid: u32,
    gid: u32,
    mtime: Timestamp,
}

impl Attributes {
    fn of(entry: &Entry) -> Self {
        Self {
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
        }
    }

    fn times(&self) -> Timestamps {
        let time = Timespec {
            tv_sec: self.mtime.seconds,
            tv_nsec: self.mtime.nanos.into(),
        };
        Timestamps {
            last_access: time,
            last_modification: time,
        }
    }
}

impl Unpacker<'_> {
    fn entry(&mut self, entry: &Entry, reader: &mut Reader<impl Read>) -> Result<(), Error> {
        let path = self.path_of(&entry.path)?;
        self.leave(&path)?;
        let Some((name, folders)) = path.split_last() else {
            // The target itself.
            return match entry.kind {
                Kind::Folder => Ok(()),
                _ => Err(Error::refused(&entry.path, "it has no name")),
            };
        };
        let attributes = Attributes::of(entry);
        if entry.kind == Kind::Folder {
            if self.beneath.make_folder(&path)? {
                self.has_written = true;
                self.made.push((path.clone(), attributes));
            }
            return Ok(());
        }
        let spot = self.beneath.spot(folders, name)?;
        match &entry.kind {
            Kind::Folder => {}
            Kind::File => {
                spot.clear(FileType::RegularFile)?;
                self.has_written = true;
                let file = file::write(&spot, reader, entry.size)?;
                self.dress_file(&file, &attributes, &spot)?;
            }
            Kind::HardLink(target) => {
                let target = self.path_of(target)?;
                self.link(&spot, &target)?;
                self.has_written = true;
            }
            Kind::Link(target) => {
                if target.is_empty() || target.contains(&0) {
                    return Err(Error::refused(&entry.path, "it is a link to no name"));
                }
                spot.clear(FileType::Symlink)?;
                rustix::fs::symlinkat(target.as_slice(), &spot.folder, spot.name)
                    .map_err(spot.failed("make the link"))?;
                self.has_written = true;
                self.dress(&spot, &attributes, false)?;
            }
            Kind::Fifo => self.node(&spot, FileType::Fifo, 0, &attributes)?,
            Kind::CharDevice { .. } | Kind::BlockDevice { .. } if !self.options.devices => {
                (self.warn)(format!("'{}' is left out: it is a device", spot.shown()));
                return Ok(());
            }
            Kind::CharDevice { major, minor } => {
                let device = rustix::fs::makedev(*major, *minor);
                self.node(&spot, FileType::CharacterDevice, device, &attributes)?;
            }
            Kind::BlockDevice { major, minor } => {
                let device = rustix::fs::makedev(*major, *minor);
                self.node(&spot, FileType::BlockDevice, device, &attributes)?;
            }
        }
        self.copied.add(entry.size);
        Ok(())
    }

    fn node(
        &mut self,
        spot: &Spot<'_>,
        kind: FileType,
        device: u64,
        attributes: &Attributes,
    ) -> Result<(), Error> {
        spot.clear(kind)?;
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(&spot.folder, spot.name, kind, mode, device)
            .map_err(spot.failed("make"))?;
        self.has_written = true;
        self.dress(spot, attributes, true)
    }

    /// Makes a further name for something that this copy has made.
    fn link(&mut self, spot: &Spot<'_>, target: &[Vec<u8>]) -> Result<(), Error> {
        let Some((name, folders)) = target.split_last() else {
            return Err(spot.refused("it is a link to the target itself"));
        };
        let first = self.beneath.spot(folders, name)?;
        let stat = match rustix::fs::statat(&first.folder, first.name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Err(spot.refused("it is a link to what is not there")),
            stat => stat.map_err(first.failed("read"))?,
        };
        let changed = (
            stat.st_ctime,
            i64::try_from(stat.st_ctime_nsec).unwrap_or(0),
        );
        if changed < (self.since.tv_sec, self.since.tv_nsec) {
            return Err(spot.refused("it is a link to what was there before"));
        }
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return Err(spot.refused("it is a second name for a folder"));
        }
        if first.is(spot) {
            return Err(spot.refused("it is a link to itself"));
        }
        spot.clear(kind)?;
        let flags = AtFlags::empty();
        rustix::fs::linkat(&first.folder, first.name, &spot.folder, spot.name, flags)
            .map_err(spot.failed("make the hard link"))
    }

    /// Finishes the folders that do not hold `path`.
    fn leave(&mut self, path: &[Vec<u8>]) -> Result<(), Error> {
        while let Some((folder, attributes)) = self.made.pop() {
            if path.len() > folder.len() && path.starts_with(&folder) {
                self.made.push((folder, attributes));
                break;
            }
            let Some((name, above)) = folder.split_last() else {
                continue;
            };
            let spot = self.beneath.spot(above, name)?;
            let open = self.beneath.readable(&folder)?;
            self.dress_file(&open, &attributes, &spot)?;
        }
        Ok(())
    }

    /// Sets owner, mode and time of an open file or folder.
    fn dress_file(
        &mut self,
        file: &rustix::fd::OwnedFd,
        attributes: &Attributes,
        spot: &Spot<'_>,
    ) -> Result<(), Error> {
        let (uid, gid) = owner(attributes);
        let is_owned = self.owned(|| rustix::fs::fchown(file, uid, gid), spot)?;
        rustix::fs::fchmod(file, mode(attributes, is_owned))
            .map_err(spot.failed("set the mode of"))?;
        rustix::fs::futimens(file, &attributes.times()).map_err(spot.failed("set the time of"))
    }

    /// Sets owner, time and, if it has one, mode of something that is not to be opened.
    fn dress(
        &mut self,
        spot: &Spot<'_>,
        attributes: &Attributes,
        has_mode: bool,
    ) -> Result<(), Error> {
        let (uid, gid) = owner(attributes);
        let itself = AtFlags::SYMLINK_NOFOLLOW;
        let is_owned = self.owned(
            || rustix::fs::chownat(&spot.folder, spot.name, uid, gid, itself),
            spot,
        )?;
        if has_mode {
            spot.set_mode(mode(attributes, is_owned))?;
        }
        rustix::fs::utimensat(&spot.folder, spot.name, &attributes.times(), itself)
            .map_err(spot.failed("set the time of"))
    }

    /// Sets an owner if owners are kept; returns whether it is set.
    fn owned(
        &mut self,
        set: impl FnOnce() -> rustix::io::Result<()>,
        spot: &Spot<'_>,
    ) -> Result<bool, Error> {
        if !self.options.owners || !self.may_chown {
            return Ok(false);
        }
        match set() {
            Err(Errno::PERM) => {
                self.may_chown = false;
                (self.warn)("owners are not kept: this user may not set them".to_owned());
                Ok(false)
            }
            set => set.map_err(spot.failed("set the owner of")).map(|()| true),
        }
    }

    /// The path below the folder of an entry's name.
    fn path_of(&self, name: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut components = components(name)?.into_iter();
        if let Root::Name(root) = &self.root
            && components.next() != Some(root)
        {
            return Err(Error::refused(name, "it is not what was asked for"));
        }
        let path: Vec<Vec<u8>> = self
            .name
            .iter()
            .cloned()
            .chain(components.map(<[u8]>::to_vec))
            .collect();
        match path.len() {
            0..=DEPTH_MAX => Ok(path),
            _ => Err(Error::refused(name, "it is deeper than 1024 folders")),
        }
    }

    /// The error of an entry, with what it leaves behind.
    fn incomplete(&self, entry: &Entry, error: Error) -> Error {
        match (&entry.kind, self.path_of(&entry.path)) {
            (Kind::File, Ok(path)) if self.beneath.exists(&path) => {
                let refuses = matches!(error, Error::Clash { .. } | Error::Refused { .. });
                if refuses {
                    return self.partial(error);
                }
                Error::Incomplete {
                    path: self.beneath.shown(&path),
                    source: Box::new(error),
                }
            }
            _ => self.partial(error),
        }
    }

    /// An error that leaves the whole copy incomplete, if there is anything of it.
    fn partial(&self, error: Error) -> Error {
        if !self.has_written {
            return error;
        }
        Error::Incomplete {
            path: self.beneath.shown(self.name.as_slice()),
            source: Box::new(error),
        }
    }
}

fn owner(attributes: &Attributes) -> (Option<Uid>, Option<Gid>) {
    (
        Some(Uid::from_raw(attributes.uid)),
        Some(Gid::from_raw(attributes.gid)),
    )
}

/// Who does not keep the owner must not keep what a program does in its name.
fn mode(attributes: &Attributes, is_owned: bool) -> Mode {
    let kept = if is_owned { 0o7777 } else { 0o1777 };
    Mode::from_raw_mode(u32::from(attributes.mode) & kept)
}

/// The components of an entry's name.
fn components(name: &[u8]) -> Result<Vec<&[u8]>, Error> {
    if name.starts_with(b"/") {
        return Err(Error::refused(name, "its name is absolute"));
    }
    if name.contains(&0) {
        return Err(Error::refused(name, "its name has a NUL"));
    }
    let mut components = Vec::new();
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => return Err(Error::refused(name, "its name leads out of its folder")),
            component => components.push(component),
        }
    }
    Ok(components)
}

#[cfg(test)]
mod tests;
