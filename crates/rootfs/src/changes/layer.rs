//! Packs the changes of a machine as a layer.

use std::collections::HashMap;
use std::io::Write;

use super::overlay::{ChangeKind, Overlay};
use super::walk::{self, What, own_xattrs};
use crate::error::{Error, show};
use crate::pack::{PackSummary, Sink, TarEntry, TarKind, TarWriter};
use crate::reader::{DiskReader, ObjectKind, Stat};
use crate::tree::Attributes;

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const NANOS_MAX: u32 = 999_999_999;
const BUFFER_BYTES: usize = 256 * 1024;

/// Packs all changes as one gzip layer, with everything that a file has: owner, mode, times,
/// extended attributes, hard links. Files are read as they are written; sockets are left out, as
/// archives have none. Returns what was written.
///
/// # Errors
/// [`Error::Damaged`], [`Error::LimitExceeded`] and [`Error::Read`] for the disks;
/// [`Error::Unpackable`] for a name that begins with `.wh.`, which would be taken for a whiteout, and
/// for an extended attribute with a `=` in its name; [`Error::Write`].
pub fn pack_changes(overlay: &Overlay, output: impl Write) -> Result<PackSummary, Error> {
    let mut layer = Layer {
        disk: &overlay.upper,
        tar: TarWriter::new(Sink::new(output)),
        first_names: HashMap::new(),
        buffer: vec![0; BUFFER_BYTES],
        bytes: 0,
        entries: 0,
    };
    walk::walk(overlay, &mut |path, what| layer.add(path, &what))?;
    let Layer { tar, entries, .. } = layer;
    Ok(PackSummary::of(tar.finish()?.finish()?, entries))
}

struct Layer<'a, W: Write> {
    disk: &'a DiskReader,
    tar: TarWriter<Sink<W>>,
    /// The first names of files with several.
    first_names: HashMap<u64, Vec<u8>>,
    buffer: Vec<u8>,
    /// Length of all files so far.
    bytes: u64,
    entries: u64,
}

impl<W: Write> Layer<'_, W> {
    fn add(&mut self, path: &[u8], what: &What<'_>) -> Result<(), Error> {
        if base(path).starts_with(WHITEOUT) {
            return Err(refused(
                path,
                "a name that starts with `.wh.` would be taken for a whiteout",
            ));
        }
        match what {
            What::Gone { implied: true } => Ok(()),
            What::Gone { implied: false } => self.hide(path),
            What::Present { stat, .. } if stat.kind == ObjectKind::Socket => match what.kind() {
                // What it has replaced is not to come back.
                ChangeKind::Changed => self.hide(path),
                _ => Ok(()),
            },
            What::Present { stat, hides, .. } => {
                self.present(path, stat)?;
                match hides {
                    true => self.mark(&[path, b"/", OPAQUE].concat()),
                    false => Ok(()),
                }
            }
        }
    }

    fn hide(&mut self, path: &[u8]) -> Result<(), Error> {
        let (folder, name) = path.split_at(path.len() - base(path).len());
        self.mark(&[folder, WHITEOUT, name].concat())
    }

    /// Writes an empty file that says something by its name.
    fn mark(&mut self, name: &[u8]) -> Result<(), Error> {
        let name = name.strip_prefix(b"/").unwrap_or(name);
        self.entries += 1;
        self.tar.header(&TarEntry {
            name,
            kind: TarKind::File,
            attributes: &Attributes::new(0o644),
            size: 0,
        })
    }

    fn present(&mut self, path: &[u8], stat: &Stat) -> Result<(), Error> {
        let mut attributes = Attributes {
            xattrs: own_xattrs(stat),
            ..stat.attributes.clone()
        };
        attributes.mtime.nanos = attributes.mtime.nanos.min(NANOS_MAX);
        if attributes
            .xattrs
            .iter()
            .any(|(name, _)| name.contains(&b'='))
        {
            return Err(refused(
                path,
                "an extended attribute has a `=` in its name, which archives cannot hold",
            ));
        }
        let kind = self.kind(path, stat)?;
        let size = match kind {
            TarKind::File => stat.size,
            _ => 0,
        };
        self.bytes = self.bytes.saturating_add(size);
        let limit = self.disk.limits().bytes;
        if self.bytes > limit {
            let what = "bytes of changed files";
            return Err(Error::LimitExceeded { what, limit });
        }
        self.tar.header(&TarEntry {
            name: path,
            kind,
            attributes: &attributes,
            size,
        })?;
        self.entries += 1;
        let mut at = 0;
        while at < size {
            let read = self.disk.read(stat, at, &mut self.buffer)?;
            self.tar.data(&self.buffer[..read])?;
            at += read as u64;
        }
        self.tar.pad(size)
    }

    fn kind(&mut self, path: &[u8], stat: &Stat) -> Result<TarKind, Error> {
        if stat.kind != ObjectKind::Directory && stat.links > 1 {
            if let Some(first) = self.first_names.get(&stat.inode) {
                return Ok(TarKind::Hardlink(first.clone()));
            }
            self.first_names.insert(stat.inode, path.to_vec());
        }
        Ok(match stat.kind {
            ObjectKind::Directory => TarKind::Directory,
            ObjectKind::File => TarKind::File,
            ObjectKind::Symlink => TarKind::Symlink(self.disk.read_link(stat)?),
            ObjectKind::CharDevice { major, minor } => TarKind::CharDevice { major, minor },
            ObjectKind::BlockDevice { major, minor } => TarKind::BlockDevice { major, minor },
            ObjectKind::Fifo => TarKind::Fifo,
            ObjectKind::Socket => return Err(refused(path, "it is a socket")),
        })
    }
}

fn base(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|byte| *byte == b'/');
    &path[start.map_or(0, |at| at + 1)..]
}

fn refused(path: &[u8], reason: &'static str) -> Error {
    let path = show(path);
    Error::Unpackable { path, reason }
}
