//! Packs a local folder or file as a layer: a deterministic tar.gz.

mod gzip;
mod tar;
#[cfg(test)]
mod tests;
mod walk;

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(crate) use gzip::Sink;
pub(crate) use tar::{TarEntry, TarKind, TarWriter};
use walk::{Found, Object, Walk, display};

use crate::error::Error;
use crate::tree::Attributes;

/// The metadata that a packed layer keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PackMode {
    /// The same content gives the same bytes, regardless of who packs it, where and when: owner 0,
    /// mode 0755 for directories and files that their owner may execute, 0644 for others, one time
    /// for all, no extended attributes. Hard links become copies. Devices, FIFOs and sockets are
    /// refused.
    #[default]
    Reproducible,
    /// Everything is kept that a root file system needs: owner, mode, time, extended attributes
    /// (except SELinux labels, which belong to this host), hard links, devices and FIFOs, and the
    /// folder's own attributes. Sockets are left out.
    Preserve,
}

/// The options of packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PackOptions {
    /// The metadata to keep.
    pub mode: PackMode,
    /// Time of every entry in [`PackMode::Reproducible`], in seconds since 1970.
    pub epoch: u32,
}

/// The totals of a packed layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackSummary {
    /// SHA-256 of the bytes written: the digest of the layer blob.
    pub digest: [u8; 32],
    /// Number of bytes written.
    pub size: u64,
    /// SHA-256 of the tar inside.
    pub diff_id: [u8; 32],
    /// Length of the tar inside, in bytes.
    pub uncompressed: u64,
    /// Number of entries.
    pub entries: u64,
}

/// Packs a folder's content, or a single file under its own name, as one gzip layer.
///
/// Entries are sorted by name, directories before their content. Names are relative to the
/// folder. Symbolic links are kept as they are, also ones that point out of the folder: they are
/// resolved where the layer is mounted. A name that starts with `.wh.` is refused, because
/// it would be applied as a whiteout.
///
/// # Errors
/// [`Error::Pack`] when a file or folder cannot be read; [`Error::Unpackable`] for a name that
/// begins with `.wh.`, a file that becomes shorter while it is read and, in a reproducible layer,
/// devices, FIFOs and sockets; [`Error::Write`] when the output takes no more.
pub fn pack(
    source: impl AsRef<Path>,
    output: impl Write,
    options: PackOptions,
) -> Result<PackSummary, Error> {
    let preserve = options.mode == PackMode::Preserve;
    let mut tar = TarWriter::new(Sink::new(output));
    let mut buffer = vec![0; 256 * 1024];
    let mut entries = 0;
    for found in Walk::new(source.as_ref(), preserve)? {
        let found = found?;
        if options.mode == PackMode::Reproducible && found.name.is_empty() {
            continue;
        }
        let attributes = attributes(&found, options)?;
        let (kind, mut data) = content(&found)?;
        let size = data.as_ref().map_or(0, |(_, size)| *size);
        tar.header(&TarEntry {
            name: &found.name,
            kind,
            attributes: &attributes,
            size,
        })?;
        if let Some((file, size)) = &mut data {
            copy(&found, file, *size, &mut tar, &mut buffer)?;
        }
        entries += 1;
    }
    let sink = tar.finish()?;
    Ok(PackSummary::of(sink.finish()?, entries))
}

impl PackSummary {
    pub(crate) fn of(packed: gzip::Packed, entries: u64) -> Self {
        Self {
            digest: packed.digest,
            size: packed.size,
            diff_id: packed.diff_id,
            uncompressed: packed.uncompressed,
            entries,
        }
    }
}

fn attributes(found: &Found, options: PackOptions) -> Result<Attributes, Error> {
    if options.mode == PackMode::Preserve {
        return found.attributes();
    }
    let mode = match found.object {
        Object::Symlink => 0o777,
        Object::File if found.metadata_mode() & 0o100 == 0 => 0o644,
        _ => 0o755,
    };
    let mut attributes = Attributes::new(mode);
    attributes.mtime.seconds = options.epoch.into();
    Ok(attributes)
}

/// The type of the tar entry, and the file with its data and its length in bytes.
fn content(found: &Found) -> Result<(TarKind, Option<(File, u64)>), Error> {
    Ok(match &found.object {
        Object::Directory => (TarKind::Directory, None),
        Object::File => (TarKind::File, Some(found.open()?)),
        Object::Hardlink(first) => (TarKind::Hardlink(first.clone()), None),
        Object::Symlink => {
            let target = std::fs::read_link(&found.path).map_err(|e| found.failed(e))?;
            (
                TarKind::Symlink(target.as_os_str().as_bytes().to_vec()),
                None,
            )
        }
        Object::CharDevice { major, minor } => (
            TarKind::CharDevice {
                major: *major,
                minor: *minor,
            },
            None,
        ),
        Object::BlockDevice { major, minor } => (
            TarKind::BlockDevice {
                major: *major,
                minor: *minor,
            },
            None,
        ),
        Object::Fifo => (TarKind::Fifo, None),
    })
}

/// Copies exactly `size` bytes, as the header promises.
fn copy<W: Write>(
    found: &Found,
    file: &mut File,
    size: u64,
    tar: &mut TarWriter<W>,
    buffer: &mut [u8],
) -> Result<(), Error> {
    let mut left = size;
    while left > 0 {
        let want = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        // Whole chunks, so that the compressor sees the same pieces on every machine.
        let mut filled = 0;
        while filled < want {
            match file.read(&mut buffer[filled..want]) {
                Ok(0) => {
                    let reason = "it became shorter while it was read";
                    return Err(Error::Unpackable {
                        path: display(&found.path),
                        reason,
                    });
                }
                Ok(count) => filled += count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(found.failed(e)),
            }
        }
        tar.data(&buffer[..want])?;
        left -= want as u64;
    }
    tar.pad(size)
}
