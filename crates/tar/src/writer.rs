//! Writes archives: ustar, with PAX records for what does not fit into its fields, as GNU tar,
//! bsdtar, Go and Python read them.

use std::io::Write;

use crate::entry::{Entry, Kind};
use crate::error::Error;
use crate::header::RECORD;
use crate::reader::padding;
use crate::sparse::Segment;

/// Largest number in a field of eight bytes, and of twelve (octal digits and a NUL).
const SMALL: u64 = 0o7_777_777;
const LARGE: u64 = 0o77_777_777_777;
/// Longest name in a header, in bytes.
const SHORT: usize = 100;

/// Writes an archive entry by entry.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes an entry without data, or the header of a file whose `entry.size` bytes follow through
    /// [`Writer::data`].
    pub(crate) fn entry(&mut self, entry: &Entry) -> Result<(), Error> {
        let records = records(entry);
        self.headers(entry, &entry.path, entry.size, &records)
    }

    /// Writes the header of a file with holes; the bytes of its segments follow through
    /// [`Writer::data`]. Returns their number (PAX format 1.0 of GNU tar).
    pub(crate) fn sparse(&mut self, entry: &Entry, segments: &[Segment]) -> Result<u64, Error> {
        let mut map = format!("{}\n", segments.len()).into_bytes();
        for segment in segments {
            map.extend(format!("{}\n{}\n", segment.offset, segment.length).bytes());
        }
        map.resize(map.len().next_multiple_of(RECORD), 0);
        let bytes: u64 = segments.iter().map(|segment| segment.length).sum();
        let stored = map.len() as u64 + bytes;
        let mut records = Vec::new();
        record(&mut records, "GNU.sparse.major", b"1");
        record(&mut records, "GNU.sparse.minor", b"0");
        record(&mut records, "GNU.sparse.name", &entry.path);
        let real = entry.size.to_string();
        record(&mut records, "GNU.sparse.realsize", real.as_bytes());
        let common = Entry {
            path: b"GNUSparseFile.0/file".to_vec(),
            size: stored,
            ..entry.clone()
        };
        records.extend(self::records(&common));
        self.headers(&common, &common.path, stored, &records)?;
        self.data(&map)?;
        Ok(bytes)
    }

    /// Writes data of a file.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output.write_all(bytes).map_err(Error::writing)
    }

    /// Ends the data of a file of `length` bytes.
    pub(crate) fn pad(&mut self, length: u64) -> Result<(), Error> {
        let zeros = [0; RECORD];
        let length = usize::try_from(padding(length)).unwrap_or(0);
        self.data(zeros.get(..length).unwrap_or_default())
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.data(&[0; 2 * RECORD])?;
        self.output.flush().map_err(Error::writing)
    }

    fn headers(
        &mut self,
        entry: &Entry,
        name: &[u8],
        size: u64,
        records: &[u8],
    ) -> Result<(), Error> {
        if !records.is_empty() {
            let length = records.len() as u64;
            let mut header = [0; RECORD];
            field(&mut header, 0, b"PaxHeaders/entry");
            numbers(&mut header, [0o644, 0, 0], length, 0);
            self.data(&finished(header, b'x'))?;
            self.data(records)?;
            self.pad(length)?;
        }
        let mut header = [0; RECORD];
        field(&mut header, 0, name);
        let owner = [entry.mode.into(), entry.uid.into(), entry.gid.into()];
        let seconds = u64::try_from(entry.mtime.seconds).unwrap_or(0);
        numbers(&mut header, owner, size, seconds);
        let kind = match &entry.kind {
            Kind::File => b'0',
            Kind::HardLink(target) | Kind::Link(target) => {
                field(&mut header, 157, target);
                match entry.kind {
                    Kind::Link(_) => b'2',
                    _ => b'1',
                }
            }
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                octal(&mut header, 329, 7, (*major).into());
                octal(&mut header, 337, 7, (*minor).into());
                match entry.kind {
                    Kind::CharDevice { .. } => b'3',
                    _ => b'4',
                }
            }
            Kind::Folder => b'5',
            Kind::Fifo => b'6',
        };
        self.data(&finished(header, kind))
    }
}

/// The PAX records of an entry.
fn records(entry: &Entry) -> Vec<u8> {
    let mut records = Vec::new();
    if entry.path.len() > SHORT {
        record(&mut records, "path", &entry.path);
    }
    if let Kind::HardLink(target) | Kind::Link(target) = &entry.kind
        && target.len() > SHORT
    {
        record(&mut records, "linkpath", target);
    }
    let mut decimal = |key, number: u64, most| {
        if number > most {
            record(&mut records, key, number.to_string().as_bytes());
        }
    };
    decimal("size", entry.size, LARGE);
    decimal("uid", entry.uid.into(), SMALL);
    decimal("gid", entry.gid.into(), SMALL);
    let (seconds, nanos) = (entry.mtime.seconds, entry.mtime.nanos);
    let fits = u64::try_from(seconds).is_ok_and(|seconds| seconds <= LARGE);
    if nanos != 0 || !fits {
        record(&mut records, "mtime", time(seconds, nanos).as_bytes());
    }
    records
}

/// A time as PAX has it: before 1970, the fraction counts backward.
fn time(seconds: i64, nanos: u32) -> String {
    if seconds < 0 && nanos > 0 {
        let back = 1_000_000_000 - nanos;
        return format!("-{}.{back:09}", -(seconds + 1));
    }
    format!("{seconds}.{nanos:09}")
}

/// Appends `LENGTH KEY=VALUE\n`, whose length counts itself.
fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + digits(length) {
        length = rest + digits(length);
    }
    records.extend(format!("{length} {key}=").bytes());
    records.extend(value);
    records.push(b'\n');
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

/// Fills mode, user id, group id, size and time.
fn numbers(header: &mut [u8; RECORD], owner: [u64; 3], size: u64, seconds: u64) {
    for (number, at) in owner.into_iter().zip([100, 108, 116]) {
        octal(header, at, 7, number.min(SMALL));
    }
    octal(header, 124, 11, size.min(LARGE));
    octal(header, 136, 11, seconds.min(LARGE));
}

/// Writes a number as octal digits; a NUL follows.
fn octal(header: &mut [u8; RECORD], at: usize, width: usize, number: u64) {
    let text = format!("{number:0width$o}");
    if text.len() == width {
        field(header, at, text.as_bytes());
    }
}

/// Writes as much of a name as its field holds; the rest of the field is NUL.
fn field(header: &mut [u8; RECORD], at: usize, bytes: &[u8]) {
    for (place, byte) in header.iter_mut().skip(at).zip(bytes).take(SHORT) {
        *place = *byte;
    }
}

/// The header with its type, its magic and its checksum.
fn finished(mut header: [u8; RECORD], kind: u8) -> [u8; RECORD] {
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    octal(&mut header, 148, 6, sum);
    header[154] = 0;
    header
}

#[cfg(test)]
mod tests;
