//! Reads a layer blob as a stream: gzip, zstd or plain, with tar of any dialect in use.
//!
//! The parser is our own because the known size-desynchronisation attacks exploit the interplay of
//! header fields. Its rules are those of Go's `archive/tar`, which every image builder and
//! runtime shares: the PAX `size` overrides the header's; an extended header is as long as its own
//! header says; entries of types without content have no data, whatever their size field says.

mod entry;
mod inflate;
mod stream;
#[cfg(test)]
mod tests;

use std::io::Read;

pub(crate) use entry::{Entry, EntryKind};
pub(crate) use inflate::GzipDecoder;
use lazaret_tar::{Header, MapText, Pax, RECORD, Segment, SparseMap, number, old_gnu, text};
use stream::Stream;

use crate::allowance::Allowance;
use crate::error::{EntryFault, Error, show};
use crate::tree::{Attributes, Timestamp};

/// Longest extended header or long name that is read into memory, in bytes.
const EXTENDED_MAX: u64 = 1 << 20;

/// The part of a disk's limits that is left for one layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
}

/// The totals of a whole layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) diff_id: [u8; 32],
    /// Uncompressed bytes, plus the holes of sparse files.
    pub(crate) bytes: u64,
    /// Bytes of the holes of sparse files, which cost nothing to read.
    pub(crate) holes: u64,
    pub(crate) entries: u64,
    /// Its compressed bytes.
    pub(crate) allowance: Allowance,
}

/// Reads one layer, entry by entry. The data of a file must be read before the next entry;
/// unread data is skipped.
pub(crate) struct LayerReader<'a> {
    stream: &'a mut Stream,
    global: Pax,
    budget: Budget,
    entries: u64,
    /// Bytes of all extended headers so far.
    extended: u64,
    holes: u64,
    name: Vec<u8>,
    data: Data,
}

/// The data of the current entry.
#[derive(Debug, Default)]
struct Data {
    /// Bytes of the entry that are still in the stream, without padding.
    stored: u64,
    padding: u64,
    /// Position in the file and length of the file, in bytes.
    position: u64,
    size: u64,
    /// The remaining segments of a sparse file, the next one last.
    segments: Option<Vec<Segment>>,
}

/// Reads a raw blob, whose compression is recognised by its first bytes. `entries` reads as much of
/// the archive as it wants; the rest of the blob is read in any case.
pub(crate) fn read<T>(
    blob: impl Read + Send,
    budget: Budget,
    entries: impl FnOnce(&mut LayerReader<'_>) -> Result<T, Error>,
) -> Result<(T, Totals), Error> {
    let ((value, holes, entries), diff_id, bytes, allowance) =
        stream::run(blob, budget.bytes, |stream| {
            let mut reader = LayerReader {
                stream,
                global: Pax::default(),
                budget,
                entries: 0,
                extended: 0,
                holes: 0,
                name: Vec::new(),
                data: Data::default(),
            };
            let value = entries(&mut reader)?;
            Ok((value, reader.holes, reader.entries))
        })?;
    let totals = Totals {
        diff_id,
        bytes: bytes.saturating_add(holes),
        holes,
        entries,
        allowance,
    };
    Ok((value, totals))
}

impl LayerReader<'_> {
    /// What the part of the blob that was read so far may become.
    pub(crate) fn allowance(&self) -> Allowance {
        self.stream.allowance()
    }

    /// The next entry, or `None` at the end of the archive.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        self.skip_data()?;
        let (mut local, mut long_name, mut long_link) = (Pax::default(), None, None);
        loop {
            let offset = self.stream.position();
            let Some((header, record)) = self.header()? else {
                return Ok(None);
            };
            let bad = |reason: &str| Error::BadHeader {
                offset,
                reason: reason.into(),
            };
            match header.kind {
                b'x' | b'X' => {
                    local = Pax::parse(&self.extended(&header, offset)?).map_err(bad)?;
                }
                b'g' => {
                    let global = Pax::parse(&self.extended(&header, offset)?)
                        .and_then(Pax::into_global)
                        .map_err(bad)?;
                    self.global = global;
                }
                b'L' => long_name = Some(text(&self.extended(&header, offset)?).to_vec()),
                b'K' => long_link = Some(text(&self.extended(&header, offset)?).to_vec()),
                _ => {
                    let long = (long_name, long_link);
                    return self.entry(header, &record, local, long, offset).map(Some);
                }
            }
        }
    }

    /// Reads data of the current entry; 0 at its end. Holes read as zeros.
    pub(crate) fn read_data(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let data = &mut self.data;
        let mut want = buffer.len().min(clamp(data.size - data.position));
        if let Some(segments) = &mut data.segments {
            let hole = hole(segments, data.position, data.size);
            if hole > 0 {
                want = want.min(clamp(hole));
                buffer[..want].fill(0);
                data.position += want as u64;
                return Ok(want);
            }
            if let Some(next) = segments.last_mut() {
                want = want.min(clamp(next.length));
                next.offset += want as u64;
                next.length -= want as u64;
                if next.length == 0 {
                    segments.pop();
                }
            }
        }
        let done = self.stream.read_full(&mut buffer[..want])?;
        if done < want {
            return Err(Error::Truncated {
                what: show(&self.name),
            });
        }
        self.data.stored -= want as u64;
        self.data.position += want as u64;
        Ok(want)
    }

    /// Number of zero bytes of a sparse file that follow here. They need not be read: see
    /// [`skip_hole`](Self::skip_hole).
    pub(crate) fn hole(&self) -> u64 {
        let data = &self.data;
        data.segments
            .as_ref()
            .map_or(0, |segments| hole(segments, data.position, data.size))
    }

    /// Skips `count` bytes of the hole that follows here.
    pub(crate) fn skip_hole(&mut self, count: u64) {
        self.data.position += count.min(self.hole());
    }

    /// Skips what is left of the current entry. An archive may end without the padding of its
    /// last file, as bsdtar's and Go's readers allow.
    fn skip_data(&mut self) -> Result<(), Error> {
        let data = std::mem::take(&mut self.data);
        if !self.stream.skip(data.stored)? {
            return Err(Error::Truncated {
                what: show(&self.name),
            });
        }
        self.stream.skip(data.padding)?;
        Ok(())
    }

    /// The next header record; `None` at the end of the archive.
    ///
    /// The archive ends at two zero records, or where the stream ends between entries.
    fn header(&mut self) -> Result<Option<(Header, [u8; RECORD])>, Error> {
        let offset = self.stream.position();
        let Some(record) = self.record()? else {
            return Ok(None);
        };
        if record == [0; RECORD] {
            return match self.record()? {
                None => Ok(None),
                Some(second) if second == [0; RECORD] => Ok(None),
                Some(_) => Err(Error::BadHeader {
                    offset,
                    reason: "a single zero record".into(),
                }),
            };
        }
        match Header::parse(&record) {
            Ok(header) => Ok(Some((header, record))),
            Err(reason) => Err(Error::BadHeader {
                offset,
                reason: reason.into(),
            }),
        }
    }

    fn record(&mut self) -> Result<Option<[u8; RECORD]>, Error> {
        let mut record = [0; RECORD];
        match self.stream.read_full(&mut record)? {
            0 => Ok(None),
            RECORD => Ok(Some(record)),
            _ => Err(Error::Truncated {
                what: "a header".into(),
            }),
        }
    }

    /// The content of an extended header, whose length only its own header gives.
    fn extended(&mut self, header: &Header, offset: u64) -> Result<Vec<u8>, Error> {
        let size = u64::try_from(header.size)
            .ok()
            .filter(|&size| size <= EXTENDED_MAX);
        let Some(size) = size else {
            let reason = "an extended header is longer than 1 MiB".into();
            return Err(Error::BadHeader { offset, reason });
        };
        self.extended += RECORD as u64 + size;
        self.allowance().headers(self.entries, self.extended)?;
        let mut content = vec![0; clamp(size)];
        let done = self.stream.read_full(&mut content)?;
        if done < content.len() || !self.stream.skip(padding(size))? {
            return Err(Error::Truncated {
                what: "an extended header".into(),
            });
        }
        Ok(content)
    }

    fn entry(
        &mut self,
        header: Header,
        record: &[u8; RECORD],
        local: Pax,
        (long_name, long_link): (Option<Vec<u8>>, Option<Vec<u8>>),
        offset: u64,
    ) -> Result<Entry, Error> {
        self.entries += 1;
        if self.entries > self.budget.entries {
            return Err(Error::LimitExceeded {
                what: "entries",
                limit: self.budget.entries,
            });
        }
        self.allowance().headers(self.entries, self.extended)?;
        let bad = |reason: &str| Error::BadHeader {
            offset,
            reason: reason.into(),
        };
        let mut local = local;
        let path = long_name
            .or_else(|| local.path.take())
            .unwrap_or(header.name);
        let path = local.sparse.name.take().unwrap_or(path);
        let link = long_link
            .or_else(|| local.link.take())
            .unwrap_or(header.link);
        let device = |number: i64| {
            u32::try_from(number).map_err(|_| Error::entry(&path, EntryFault::BadDevice))
        };
        let kind = match header.kind {
            b'0' | b'7' | b'S' => EntryKind::File,
            0 if path.ends_with(b"/") => EntryKind::Directory,
            0 => EntryKind::File,
            b'1' => EntryKind::Hardlink(link),
            b'2' => EntryKind::Symlink(link),
            b'3' => EntryKind::CharDevice {
                major: device(header.major)?,
                minor: device(header.minor)?,
            },
            b'4' => EntryKind::BlockDevice {
                major: device(header.major)?,
                minor: device(header.minor)?,
            },
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            other => {
                let kind = char::from(other);
                return Err(Error::UnsupportedEntry {
                    path: show(&path),
                    kind,
                });
            }
        };
        let owner = |own: Option<u32>, global: Option<u32>, field: i64| match own.or(global) {
            Some(id) => Ok(id),
            None => u32::try_from(field).map_err(|_| bad("an owner is out of range")),
        };
        let attributes = Attributes {
            // Links have no permissions of their own on Linux, whatever the archive's maker saw.
            mode: match kind {
                EntryKind::Symlink(_) => 0o777,
                _ => header.mode,
            },
            uid: owner(local.uid, self.global.uid, header.uid)?,
            gid: owner(local.gid, self.global.gid, header.gid)?,
            mtime: local.mtime.or(self.global.mtime).unwrap_or(Timestamp {
                seconds: header.mtime,
                nanos: 0,
            }),
            xattrs: std::mem::take(&mut local.xattrs),
        };
        self.name.clone_from(&path);
        let header_size = u64::try_from(header.size).map_err(|_| bad("a size is negative"))?;
        if kind == EntryKind::File {
            let stored = local.size.unwrap_or(header_size);
            self.start_data(header.kind, record, &local, stored, offset)?;
        }
        Ok(Entry {
            path,
            kind,
            attributes,
            size: self.data.size,
        })
    }

    /// Sets up the data of a regular file that takes `stored` bytes in the archive.
    fn start_data(
        &mut self,
        kind: u8,
        record: &[u8; RECORD],
        pax: &Pax,
        stored: u64,
        offset: u64,
    ) -> Result<(), Error> {
        let bad = |reason: &str| Error::BadHeader {
            offset,
            reason: reason.into(),
        };
        let limit = Error::LimitExceeded {
            what: "uncompressed bytes",
            limit: self.budget.bytes,
        };
        let budget = self.budget.bytes.saturating_sub(self.stream.position());
        if stored > budget || i64::try_from(stored).is_err() {
            return Err(limit);
        }
        let pad = padding(stored);
        let (map, stored) = match (kind, pax.sparse.major) {
            (b'S', _) => (Some(self.old_gnu_map(record, stored, offset)?), stored),
            (_, Some(1)) if pax.sparse.minor == Some(0) => {
                let (segments, used) = self.leading_map(stored, offset)?;
                let stored = stored - used;
                let real = pax
                    .sparse
                    .real_size
                    .ok_or_else(|| bad("a sparse file has no size"))?;
                (
                    Some(SparseMap::check(segments, real, stored).map_err(bad)?),
                    stored,
                )
            }
            (_, None | Some(0)) if pax.sparse.listed => {
                let real = pax
                    .sparse
                    .real_size
                    .ok_or_else(|| bad("a sparse file has no size"))?;
                let segments = SparseMap::pairs(&pax.sparse.map).map_err(bad)?;
                (
                    Some(SparseMap::check(segments, real, stored).map_err(bad)?),
                    stored,
                )
            }
            (_, Some(_)) => return Err(bad("an unknown format of sparse files")),
            _ => (None, stored),
        };
        let size = map.as_ref().map_or(stored, |map| map.real_size);
        self.holes = self.holes.saturating_add(size - stored);
        if self.holes.saturating_add(stored) > budget {
            return Err(limit);
        }
        let segments = map.map(|map| {
            let mut segments = map.segments;
            segments.reverse();
            segments
        });
        self.data = Data {
            stored,
            padding: pad,
            position: 0,
            size,
            segments,
        };
        Ok(())
    }

    fn old_gnu_map(
        &mut self,
        record: &[u8; RECORD],
        stored: u64,
        offset: u64,
    ) -> Result<SparseMap, Error> {
        let bad = |reason: &str| Error::BadHeader {
            offset,
            reason: reason.into(),
        };
        let mut segments = Vec::new();
        old_gnu(&record[386..482], &mut segments).map_err(bad)?;
        let mut more = record[482] != 0;
        while more {
            let Some(extension) = self.record()? else {
                return Err(Error::Truncated {
                    what: "a sparse map".into(),
                });
            };
            old_gnu(&extension[..504], &mut segments).map_err(bad)?;
            more = extension[504] != 0;
        }
        let real = number(&record[483..495]).map_err(bad)?;
        let real = u64::try_from(real).map_err(|_| bad("a size is negative"))?;
        SparseMap::check(segments, real, stored).map_err(bad)
    }

    /// The map of PAX format 1.0 at the start of the data, and its length in bytes.
    fn leading_map(&mut self, stored: u64, offset: u64) -> Result<(Vec<Segment>, u64), Error> {
        let bad = |reason: &str| Error::BadHeader {
            offset,
            reason: reason.into(),
        };
        let (mut text, mut used) = (MapText::default(), 0);
        loop {
            used += RECORD as u64;
            if used > stored {
                return Err(bad("a sparse map is longer than its file"));
            }
            let Some(record) = self.record()? else {
                return Err(Error::Truncated {
                    what: "a sparse map".into(),
                });
            };
            if text.push(&record).map_err(bad)? {
                return Ok((text.into_segments().map_err(bad)?, used));
            }
        }
    }
}

/// Number of bytes from `position` to the next segment or the end of the file.
fn hole(segments: &[Segment], position: u64, size: u64) -> u64 {
    segments.last().map_or(size, |next| next.offset) - position
}

/// Number of bytes that fill `size` up to whole records.
fn padding(size: u64) -> u64 {
    size.next_multiple_of(RECORD as u64) - size
}

fn clamp(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
