//! Writes tar: ustar headers, and PAX records only where a field does not fit.

use std::io::Write;

use crate::error::Error;
use crate::tree::{Attributes, Timestamp};

const RECORD: usize = 512;
const SIZE_MAX: u64 = 0o777_7777_7777;
const ID_MAX: u32 = 0o777_7777;

/// One entry to write.
pub(crate) struct TarEntry<'a> {
    /// Relative name; empty for the root.
    pub(crate) name: &'a [u8],
    pub(crate) kind: TarKind,
    pub(crate) attributes: &'a Attributes,
    pub(crate) size: u64,
}

/// The type of an entry.
pub(crate) enum TarKind {
    Directory,
    File,
    Hardlink(Vec<u8>),
    Symlink(Vec<u8>),
    CharDevice { major: u32, minor: u32 },
    BlockDevice { major: u32, minor: u32 },
    Fifo,
}

/// Writes headers, data and the end of an archive.
pub(crate) struct TarWriter<W: Write> {
    output: W,
}

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes the header; `size` bytes of data and their padding must follow.
    pub(crate) fn header(&mut self, entry: &TarEntry<'_>) -> Result<(), Error> {
        let mut name = entry.name.to_vec();
        if name.is_empty() {
            name.extend_from_slice(b"./");
        } else if matches!(entry.kind, TarKind::Directory) {
            name.push(b'/');
        }
        let (flag, link, device) = match &entry.kind {
            TarKind::File => (b'0', &[][..], None),
            TarKind::Hardlink(target) => (b'1', &target[..], None),
            TarKind::Symlink(target) => (b'2', &target[..], None),
            TarKind::CharDevice { major, minor } => (b'3', &[][..], Some((*major, *minor))),
            TarKind::BlockDevice { major, minor } => (b'4', &[][..], Some((*major, *minor))),
            TarKind::Directory => (b'5', &[][..], None),
            TarKind::Fifo => (b'6', &[][..], None),
        };
        let attributes = entry.attributes;
        let records = pax_records(&name, link, entry.size, attributes);
        if !records.is_empty() {
            let mut header = Header::new(b"PaxHeaders/entry", b'x', 0o644);
            header.octal(124..136, records.len() as u64);
            self.write(&header.finish())?;
            self.write(&records)?;
            self.pad(records.len() as u64)?;
        }
        let mut header = Header::new(&name, flag, attributes.mode);
        header.octal(108..116, u64::from(attributes.uid.min(ID_MAX)));
        header.octal(116..124, u64::from(attributes.gid.min(ID_MAX)));
        header.octal(124..136, entry.size.min(SIZE_MAX));
        let seconds = u64::try_from(attributes.mtime.seconds).unwrap_or(0);
        header.octal(136..148, seconds.min(SIZE_MAX));
        header.text(157, 100, link);
        if let Some((major, minor)) = device {
            header.octal(329..337, major.into());
            header.octal(337..345, minor.into());
        }
        self.write(&header.finish())
    }

    /// Writes data of the entry whose header was written last.
    pub(crate) fn data(&mut self, data: &[u8]) -> Result<(), Error> {
        self.write(data)
    }

    /// Pads `size` bytes of data to whole records.
    pub(crate) fn pad(&mut self, size: u64) -> Result<(), Error> {
        let padding = size.next_multiple_of(RECORD as u64) - size;
        self.write(&[0; RECORD][..usize::try_from(padding).unwrap_or(0)])
    }

    /// Writes the end of the archive and returns the output.
    pub(crate) fn finish(mut self) -> Result<W, Error> {
        self.write(&[0; 2 * RECORD])?;
        Ok(self.output)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output
            .write_all(bytes)
            .map_err(Error::write("the layer"))
    }
}

struct Header([u8; RECORD]);

impl Header {
    fn new(name: &[u8], flag: u8, mode: u16) -> Self {
        let mut header = Self([0; RECORD]);
        header.text(0, 100, name);
        header.octal(100..108, u64::from(mode & 0o7777));
        for field in [108..116, 116..124, 124..136, 136..148] {
            header.octal(field, 0);
        }
        header.0[156] = flag;
        header.text(257, 8, b"ustar\x0000");
        header
    }

    /// Writes as much of the text as fits; a PAX record has the whole.
    fn text(&mut self, at: usize, room: usize, text: &[u8]) {
        let length = text.len().min(room);
        self.0[at..at + length].copy_from_slice(&text[..length]);
    }

    /// Writes octal digits and a NUL.
    fn octal(&mut self, field: std::ops::Range<usize>, value: u64) {
        let digits = format!("{value:0width$o}", width = field.len() - 1);
        self.text(field.start, field.len() - 1, digits.as_bytes());
    }

    fn finish(mut self) -> [u8; RECORD] {
        self.0[148..156].fill(b' ');
        let sum: u64 = self.0.iter().map(|&byte| u64::from(byte)).sum();
        let digits = format!("{sum:06o}\0 ");
        self.text(148, 8, digits.as_bytes());
        self.0
    }
}

fn pax_records(name: &[u8], link: &[u8], size: u64, attributes: &Attributes) -> Vec<u8> {
    let mut records = Vec::new();
    if name.len() > 100 {
        record(&mut records, b"path", name);
    }
    if link.len() > 100 {
        record(&mut records, b"linkpath", link);
    }
    if size > SIZE_MAX {
        record(&mut records, b"size", size.to_string().as_bytes());
    }
    for (key, id) in [(&b"uid"[..], attributes.uid), (b"gid", attributes.gid)] {
        if id > ID_MAX {
            record(&mut records, key, id.to_string().as_bytes());
        }
    }
    let plain_time = u64::try_from(attributes.mtime.seconds).is_ok_and(|s| s <= SIZE_MAX);
    if attributes.mtime.nanos != 0 || !plain_time {
        record(&mut records, b"mtime", time(attributes.mtime).as_bytes());
    }
    for (name, value) in &attributes.xattrs {
        record(&mut records, &[b"SCHILY.xattr.", &name[..]].concat(), value);
    }
    records
}

fn time(time: Timestamp) -> String {
    if time.seconds >= 0 {
        return format!("{}.{:09}", time.seconds, time.nanos);
    }
    match time.nanos {
        0 => format!("{}", time.seconds),
        nanos => format!("-{}.{:09}", -(time.seconds + 1), 1_000_000_000 - nanos),
    }
}

/// Appends `LENGTH KEY=VALUE\n`, where LENGTH includes its own digits.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(length.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}
