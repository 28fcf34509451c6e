//! Reads archives: v7, ustar, GNU and PAX, with maps of sparse files.
//!
//! Whoever made the archive may be hostile: what is held in memory is bounded by constants, not by
//! what headers announce.

use std::io::{self, Read};

use crate::entry::{Entry, Kind};
use crate::error::Error;
use crate::header::{Header, RECORD, number, text};
use crate::pax::Pax;
use crate::sparse::{MapText, Segment, SparseMap, old_gnu};
use crate::time::Timestamp;

/// Longest name of an entry, or target of a link, in bytes.
pub(crate) const NAME_MAX: usize = 4096;
/// Longest extended header in bytes.
const EXTENDED_MAX: u64 = 1 << 20;
/// Most extended headers before one entry.
const EXTENDED_COUNT: usize = 8;

/// Reads an archive entry by entry. Data that was not read before the next entry is skipped.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    /// Number of bytes that were read.
    position: u64,
    global: Pax,
    data: Data,
    has_mark: bool,
}

/// The data of the current entry.
#[derive(Debug, Default)]
struct Data {
    /// Bytes of it in the archive that were not read yet.
    stored: u64,
    padding: u64,
    /// Position in the file, and its length, in bytes.
    position: u64,
    size: u64,
    /// The segments to come of a sparse file, the next one last.
    segments: Option<Vec<Segment>>,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// This number of zeros, which the archive does not hold.
    Hole(u64),
}

/// What the extended headers before an entry say of it.
#[derive(Debug, Default)]
struct Extended {
    pax: Pax,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: Read> Reader<R> {
    /// Reads the archive that `input` holds.
    pub fn new(input: R) -> Self {
        Self {
            input,
            position: 0,
            global: Pax::default(),
            data: Data::default(),
            has_mark: false,
        }
    }

    /// Whether the archive had its two zero records at the end. Without them it may have been cut off.
    pub fn has_end_mark(&self) -> bool {
        self.has_mark
    }

    /// Reads what follows the archive, so that its writer can finish.
    pub fn drain(&mut self) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(1..) = self.input.read(&mut buffer) {}
    }

    /// The next entry; `None` at the end of the archive.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Truncated`], [`Error::Refused`] for names that are too long,
    /// [`Error::Stream`].
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        let data = std::mem::take(&mut self.data);
        self.skip(data.stored)?;
        // The padding of the last file may be missing, as other readers allow.
        self.skip_some(data.padding)?;
        let mut extended = Extended::default();
        for _ in 0..EXTENDED_COUNT {
            let offset = self.position;
            let Some(record) = self.header_record()? else {
                return Ok(None);
            };
            let malformed = |reason| Error::Malformed { offset, reason };
            let header = Header::parse(&record).map_err(malformed)?;
            match header.kind {
                b'x' | b'X' => {
                    extended.pax =
                        Pax::parse(&self.extended(&header, offset)?).map_err(malformed)?;
                }
                b'g' => {
                    let global = Pax::parse(&self.extended(&header, offset)?);
                    self.global = global.and_then(Pax::into_global).map_err(malformed)?;
                }
                b'L' => extended.name = Some(text(&self.extended(&header, offset)?).to_vec()),
                b'K' => extended.link = Some(text(&self.extended(&header, offset)?).to_vec()),
                _ => return self.entry(header, &record, extended, offset).map(Some),
            }
        }
        let (offset, reason) = (self.position, "too many extended headers");
        Err(Error::Malformed { offset, reason })
    }

    /// The next piece of the current file, read into `buffer`; `None` at its end.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Stream`].
    pub fn next_piece<'a>(&mut self, buffer: &'a mut [u8]) -> Result<Option<Piece<'a>>, Error> {
        let data = &mut self.data;
        let left = data.size - data.position;
        if left == 0 {
            return Ok(None);
        }
        let mut most = left;
        if let Some(segments) = &mut data.segments {
            let Some(next) = segments.last_mut() else {
                data.position = data.size;
                return Ok(Some(Piece::Hole(left)));
            };
            if next.offset > data.position {
                let hole = next.offset - data.position;
                data.position = next.offset;
                return Ok(Some(Piece::Hole(hole)));
            }
            most = next.length;
        }
        let length = clamp(most).min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        let read = read_full(&mut self.input, buffer)?;
        self.position += read as u64;
        if read < length || length == 0 {
            return Err(Error::Truncated);
        }
        let read = read as u64;
        data.stored -= read;
        data.position += read;
        if let Some(segments) = &mut data.segments
            && let Some(next) = segments.last_mut()
        {
            next.offset += read;
            next.length -= read;
            if next.length == 0 {
                segments.pop();
            }
        }
        Ok(Some(Piece::Data(buffer)))
    }

    /// The next header; `None` at two zero records, or where the input ends between entries.
    fn header_record(&mut self) -> Result<Option<[u8; RECORD]>, Error> {
        let offset = self.position;
        let Some(record) = self.record()? else {
            return Ok(None);
        };
        if record != [0; RECORD] {
            return Ok(Some(record));
        }
        match self.record()? {
            Some(second) if second == [0; RECORD] => self.has_mark = true,
            None => {}
            Some(_) => {
                let reason = "a single zero record";
                return Err(Error::Malformed { offset, reason });
            }
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Option<[u8; RECORD]>, Error> {
        let mut record = [0; RECORD];
        let read = read_full(&mut self.input, &mut record)?;
        self.position += read as u64;
        match read {
            0 => Ok(None),
            RECORD => Ok(Some(record)),
            _ => Err(Error::Truncated),
        }
    }

    /// A record that must be there.
    fn next_record(&mut self) -> Result<[u8; RECORD], Error> {
        self.record()?.ok_or(Error::Truncated)
    }

    fn extended(&mut self, header: &Header, offset: u64) -> Result<Vec<u8>, Error> {
        let size = u64::try_from(header.size).unwrap_or(u64::MAX);
        if size > EXTENDED_MAX {
            let reason = "an extended header is longer than 1 MiB";
            return Err(Error::Malformed { offset, reason });
        }
        let mut content = vec![0; clamp(size)];
        let read = read_full(&mut self.input, &mut content)?;
        self.position += read as u64;
        if read < content.len() {
            return Err(Error::Truncated);
        }
        self.skip(padding(size))?;
        Ok(content)
    }

    fn entry(
        &mut self,
        header: Header,
        record: &[u8; RECORD],
        extended: Extended,
        offset: u64,
    ) -> Result<Entry, Error> {
        let malformed = |reason| Error::Malformed { offset, reason };
        let Extended {
            mut pax,
            name,
            link,
        } = extended;
        let path = pax.sparse.name.take().or(name).or(pax.path.take());
        let path = checked(path.unwrap_or(header.name))?;
        let link = checked(link.or(pax.link.take()).unwrap_or(header.link))?;
        let device = |number: i64| {
            u32::try_from(number).map_err(|_| malformed("a device number is out of range"))
        };
        let kind = match header.kind {
            0 | b'0' if path.ends_with(b"/") => Kind::Folder,
            0 | b'0' | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink(link),
            b'2' => Kind::Link(link),
            b'3' | b'4' => {
                let (major, minor) = (device(header.major)?, device(header.minor)?);
                match header.kind {
                    b'3' => Kind::CharDevice { major, minor },
                    _ => Kind::BlockDevice { major, minor },
                }
            }
            b'5' => Kind::Folder,
            b'6' => Kind::Fifo,
            _ => return Err(Error::refused(&path, "its type is not known")),
        };
        let owner = |own: Option<u32>, global: Option<u32>, field: i64| {
            let field = u32::try_from(field).map_err(|_| malformed("an owner is out of range"));
            own.or(global).map_or(field, Ok)
        };
        let seconds = Timestamp {
            seconds: header.mtime,
            nanos: 0,
        };
        let (uid, gid) = (
            owner(pax.uid, self.global.uid, header.uid)?,
            owner(pax.gid, self.global.gid, header.gid)?,
        );
        let stored = match pax.size {
            Some(size) => size,
            None => u64::try_from(header.size).map_err(|_| malformed("a size is negative"))?,
        };
        if kind == Kind::File {
            self.data = self.data_of(header.kind, record, &pax, stored, offset)?;
        }
        Ok(Entry {
            path,
            kind,
            mode: header.mode,
            uid,
            gid,
            mtime: pax.mtime.or(self.global.mtime).unwrap_or(seconds),
            size: self.data.size,
        })
    }

    /// The data of a regular file that takes `stored` bytes in the archive.
    fn data_of(
        &mut self,
        kind: u8,
        record: &[u8; RECORD],
        pax: &Pax,
        mut stored: u64,
        offset: u64,
    ) -> Result<Data, Error> {
        let malformed = |reason| Error::Malformed { offset, reason };
        if i64::try_from(stored).is_err() {
            return Err(malformed("a size is out of range"));
        }
        let padding = padding(stored);
        let sparse = &pax.sparse;
        let (segments, real) = match (kind, sparse.major) {
            (b'S', _) => {
                let real = number(&record[483..495]).map_err(malformed)?;
                (self.gnu_map(record, offset)?, u64::try_from(real).ok())
            }
            (_, Some(1)) if sparse.minor == Some(0) => {
                let (segments, used) = self.leading_map(stored, offset)?;
                stored -= used;
                (segments, sparse.real_size)
            }
            (_, None | Some(0)) if sparse.listed => {
                let pairs = SparseMap::pairs(&sparse.map).map_err(malformed)?;
                (pairs, sparse.real_size)
            }
            (_, None) => {
                return Ok(Data {
                    stored,
                    padding,
                    position: 0,
                    size: stored,
                    segments: None,
                });
            }
            (_, Some(_)) => return Err(malformed("an unknown format of sparse files")),
        };
        let real = real.ok_or_else(|| malformed("a sparse file has no size"))?;
        let map = SparseMap::check(segments, real, stored).map_err(malformed)?;
        let mut segments = map.segments;
        segments.reverse();
        Ok(Data {
            stored,
            padding,
            position: 0,
            size: map.real_size,
            segments: Some(segments),
        })
    }

    /// The map in an old GNU header and the records that follow it.
    fn gnu_map(&mut self, record: &[u8; RECORD], offset: u64) -> Result<Vec<Segment>, Error> {
        let malformed = |reason| Error::Malformed { offset, reason };
        let mut segments = Vec::new();
        old_gnu(&record[386..482], &mut segments).map_err(malformed)?;
        let mut has_more = record[482] != 0;
        while has_more {
            let next = self.next_record()?;
            old_gnu(&next[..504], &mut segments).map_err(malformed)?;
            has_more = next[504] != 0;
        }
        Ok(segments)
    }

    /// The map at the start of the data (PAX format 1.0), and its length in bytes.
    fn leading_map(&mut self, stored: u64, offset: u64) -> Result<(Vec<Segment>, u64), Error> {
        let malformed = |reason| Error::Malformed { offset, reason };
        let mut map = MapText::default();
        for used in (RECORD as u64..=stored).step_by(RECORD) {
            let record = self.next_record()?;
            if map.push(&record).map_err(malformed)? {
                return Ok((map.into_segments().map_err(malformed)?, used));
            }
        }
        Err(malformed("a sparse map is longer than its file"))
    }

    fn skip(&mut self, count: u64) -> Result<(), Error> {
        match self.skip_some(count)? {
            skipped if skipped == count => Ok(()),
            _ => Err(Error::Truncated),
        }
    }

    /// Skips bytes; fewer at the end of the input.
    fn skip_some(&mut self, count: u64) -> Result<u64, Error> {
        let mut rest = self.input.by_ref().take(count);
        let skipped = io::copy(&mut rest, &mut io::sink()).map_err(Error::reading)?;
        self.position += skipped;
        Ok(skipped)
    }
}

fn checked(name: Vec<u8>) -> Result<Vec<u8>, Error> {
    match name.len() {
        0..=NAME_MAX => Ok(name),
        _ => Err(Error::refused(&name, "its name is longer than 4096 bytes")),
    }
}

/// Fills the buffer; returns fewer bytes only at the end of the input.
fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::reading(error)),
        }
    }
    Ok(filled)
}

/// Zeros after data of this length.
pub(crate) fn padding(length: u64) -> u64 {
    length.next_multiple_of(RECORD as u64) - length
}

fn clamp(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
