//! The log of a stored layer: a sequence of entries, little-endian, each text preceded by its
//! length.

use std::io::{self, ErrorKind, Read};

use crate::error::Error;
use crate::layer::{Entry, EntryKind};
use crate::tree::{Attributes, Extent, Timestamp};

/// Longest text in bytes, and most items of anything, of one entry in a log: no layer has more.
const LONGEST: u32 = 64 << 20;

/// The place of an entry's data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Nothing,
    /// In the log.
    Small(Box<[u8]>),
    /// In the file of the layer.
    Extents(Vec<Extent>),
}

pub(super) fn write_entry(log: &mut Vec<u8>, entry: &Entry, stored: &Stored) {
    let text = |log: &mut Vec<u8>, bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        log.extend(length.to_le_bytes());
        log.extend(bytes);
    };
    let (kind, target, numbers): (u8, &[u8], _) = match &entry.kind {
        EntryKind::Directory => (0, b"", (0, 0)),
        EntryKind::File => (1, b"", (0, 0)),
        EntryKind::Hardlink(target) => (2, target, (0, 0)),
        EntryKind::Symlink(target) => (3, target, (0, 0)),
        EntryKind::CharDevice { major, minor } => (4, b"", (*major, *minor)),
        EntryKind::BlockDevice { major, minor } => (5, b"", (*major, *minor)),
        EntryKind::Fifo => (6, b"", (0, 0)),
    };
    let attributes = &entry.attributes;
    log.push(kind);
    text(log, &entry.path);
    text(log, target);
    log.extend(numbers.0.to_le_bytes());
    log.extend(numbers.1.to_le_bytes());
    log.extend(entry.size.to_le_bytes());
    log.extend(attributes.mode.to_le_bytes());
    log.extend(attributes.uid.to_le_bytes());
    log.extend(attributes.gid.to_le_bytes());
    log.extend(attributes.mtime.seconds.to_le_bytes());
    log.extend(attributes.mtime.nanos.to_le_bytes());
    log.extend(
        u32::try_from(attributes.xattrs.len())
            .unwrap_or(0)
            .to_le_bytes(),
    );
    for (name, value) in &attributes.xattrs {
        text(log, name);
        text(log, value);
    }
    match stored {
        Stored::Nothing => log.push(0),
        Stored::Small(bytes) => {
            log.push(1);
            text(log, bytes);
        }
        Stored::Extents(extents) => {
            log.push(2);
            log.extend(u32::try_from(extents.len()).unwrap_or(0).to_le_bytes());
            for extent in extents {
                log.extend(extent.logical.to_le_bytes());
                log.extend(extent.length.to_le_bytes());
                log.extend(extent.physical.to_le_bytes());
            }
        }
    }
}

/// The next entry, or `None` at the end of the log.
pub(super) fn read_entry(log: &mut impl Read) -> Result<Option<(Entry, Stored)>, Error> {
    let mut first = [0];
    loop {
        match log.read(&mut first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(error)),
        }
    }
    let mut log = Log(log);
    let path = log.text()?;
    let target = log.text()?;
    let (major, minor) = (log.u32()?, log.u32()?);
    let size = log.u64()?;
    let kind = match first[0] {
        0 => EntryKind::Directory,
        1 => EntryKind::File,
        2 => EntryKind::Hardlink(target),
        3 => EntryKind::Symlink(target),
        4 => EntryKind::CharDevice { major, minor },
        5 => EntryKind::BlockDevice { major, minor },
        6 => EntryKind::Fifo,
        _ => return Err(damaged()),
    };
    let mut attributes = Attributes::new(u16::from_le_bytes(log.array()?));
    attributes.uid = log.u32()?;
    attributes.gid = log.u32()?;
    attributes.mtime = Timestamp {
        seconds: i64::from_le_bytes(log.array()?),
        nanos: log.u32()?,
    };
    for _ in 0..log.count()? {
        let pair = (log.text()?, log.text()?);
        attributes.xattrs.push(pair);
    }
    let stored = match log.array::<1>()? {
        [0] => Stored::Nothing,
        [1] => Stored::Small(log.text()?.into()),
        [2] => {
            let mut extents = Vec::new();
            for _ in 0..log.count()? {
                extents.push(Extent {
                    logical: log.u32()?,
                    length: log.u32()?,
                    physical: log.u64()?,
                });
            }
            Stored::Extents(extents)
        }
        _ => return Err(damaged()),
    };
    let entry = Entry {
        path,
        kind,
        attributes,
        size,
    };
    Ok(Some((entry, stored)))
}

fn damaged() -> Error {
    Error::Damaged {
        reason: "the log of a stored layer makes no sense",
    }
}

struct Log<'a, R>(&'a mut R);

impl<R: Read> Log<'_, R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => damaged(),
                _ => read_error(error),
            })
    }

    fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<u32, Error> {
        let count = self.u32()?;
        if count > LONGEST {
            return Err(damaged());
        }
        Ok(count)
    }

    fn text(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.count()?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// The error for a stored layer that cannot be read.
pub(super) fn read_error(source: io::Error) -> Error {
    Error::Read {
        what: "the stored layer".to_owned(),
        source,
    }
}
