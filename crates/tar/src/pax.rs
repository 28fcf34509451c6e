//! Parses PAX extended headers (POSIX.1-2017 pax, "pax Extended Header"), with the keys of GNU and
//! star.

use std::collections::{HashMap, HashSet};

use crate::time::Timestamp;

/// The fields that an extended header sets for the entry that follows.
#[derive(Debug, Default)]
pub struct Pax {
    /// The name.
    pub path: Option<Vec<u8>>,
    /// The target of a link.
    pub link: Option<Vec<u8>>,
    /// Length of the content in the archive, in bytes.
    pub size: Option<u64>,
    /// User id of the owner.
    pub uid: Option<u32>,
    /// Group id of the owner.
    pub gid: Option<u32>,
    /// Time of the last change.
    pub mtime: Option<Timestamp>,
    /// Full attribute names and values, in the order of the records.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// What is said of a sparse file.
    pub sparse: PaxSparse,
}

/// The extended attributes of one header. A header may have tens of thousands, so a name is looked
/// up and not searched for.
#[derive(Default)]
struct Xattrs<'a> {
    /// Name to the place of its last record, and its value.
    plain: HashMap<&'a [u8], (usize, &'a [u8])>,
    /// As libarchive encodes them, beside or in the place of the plain form.
    encoded: Vec<(Vec<u8>, Vec<u8>)>,
    records: usize,
}

impl<'a> Xattrs<'a> {
    /// Takes a record that is about an attribute; false for others.
    fn take(&mut self, key: &'a [u8], value: &'a [u8]) -> bool {
        self.records += 1;
        if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
            self.plain.insert(name, (self.records, value));
        } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
            if let (Some(name), Some(value)) = (percent_decode(name), base64_decode(value)) {
                self.encoded.push((name, value));
            }
        } else {
            return false;
        }
        true
    }

    /// The attributes in the order of their records. libarchive writes both forms; the plain one
    /// wins, and of several encoded ones the first.
    fn into_sorted(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut plain: Vec<_> = self.plain.iter().collect();
        plain.sort_unstable_by_key(|(_, (place, _))| *place);
        let owned = |(name, (_, value)): (&&[u8], &(usize, &[u8]))| (name.to_vec(), value.to_vec());
        let mut all: Vec<_> = plain.into_iter().map(owned).collect();
        let mut seen = HashSet::new();
        for (name, value) in self.encoded {
            if !self.plain.contains_key(&name[..]) && seen.insert(name.clone()) {
                all.push((name, value));
            }
        }
        all
    }
}

/// The records of the three PAX sparse formats of GNU tar.
#[derive(Debug, Default)]
pub struct PaxSparse {
    /// First number of the format.
    pub major: Option<u64>,
    /// Second number of the format.
    pub minor: Option<u64>,
    /// The name, in the place of the one in the header.
    pub name: Option<Vec<u8>>,
    /// Length of the file with its holes, in bytes.
    pub real_size: Option<u64>,
    /// Formats 0.0 and 0.1 carry the map in the header.
    pub map: Vec<u64>,
    /// Whether a map of format 0.0 or 0.1 was announced.
    pub listed: bool,
}

impl Pax {
    /// Parses the records of one extended header.
    ///
    /// # Errors
    /// The reason that it is none, to be shown to users.
    pub fn parse(mut data: &[u8]) -> Result<Self, &'static str> {
        let mut pax = Self::default();
        let mut xattrs = Xattrs::default();
        while !data.is_empty() {
            let record = Record::split(data)?;
            data = record.rest;
            if !xattrs.take(record.key, record.value) {
                pax.apply(record.key, record.value)?;
            }
        }
        pax.xattrs = xattrs.into_sorted();
        Ok(pax)
    }

    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        // An empty value takes an earlier one back: the header's own field holds.
        let given = (!value.is_empty()).then_some(value);
        match key {
            b"path" => self.path = given.map(<[u8]>::to_vec),
            b"linkpath" => self.link = given.map(<[u8]>::to_vec),
            b"size" => self.size = given.map(decimal).transpose()?,
            b"uid" => self.uid = given.map(id).transpose()?,
            b"gid" => self.gid = given.map(id).transpose()?,
            b"mtime" => self.mtime = given.map(time).transpose()?,
            b"GNU.sparse.major" => self.sparse.major = given.map(decimal).transpose()?,
            b"GNU.sparse.minor" => self.sparse.minor = given.map(decimal).transpose()?,
            b"GNU.sparse.name" => self.sparse.name = given.map(<[u8]>::to_vec),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => {
                self.sparse.real_size = given.map(decimal).transpose()?;
            }
            b"GNU.sparse.numblocks" => self.sparse.listed = true,
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                let is_offset = key.ends_with(b"offset");
                if self.sparse.map.len().is_multiple_of(2) != is_offset {
                    return Err("the sparse map is out of order");
                }
                self.sparse.listed = true;
                self.sparse.map.push(decimal(value)?);
            }
            b"GNU.sparse.map" => {
                self.sparse.listed = true;
                if let Some(list) = given {
                    self.sparse.map = list
                        .split(|&b| b == b',')
                        .map(decimal)
                        .collect::<Result<_, _>>()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The fields of a global header that apply to the entries after it: owner and time.
    ///
    /// A global name or size is refused: readers that ignore global headers, as all image tools
    /// written in Go do, would see another archive.
    ///
    /// # Errors
    /// The reason for refusing it, to be shown to users.
    pub fn into_global(self) -> Result<Self, &'static str> {
        let sparse = self.sparse.listed || self.sparse.major.is_some();
        if self.path.is_some() || self.link.is_some() || self.size.is_some() || sparse {
            return Err("a global header sets a name or a size");
        }
        Ok(Self {
            uid: self.uid,
            gid: self.gid,
            mtime: self.mtime,
            ..Self::default()
        })
    }
}

/// One record, `LENGTH KEY=VALUE\n`, and the data that follows it.
struct Record<'a> {
    key: &'a [u8],
    value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Record<'a> {
    fn split(data: &'a [u8]) -> Result<Self, &'static str> {
        const FAULT: &str = "an extended header record is malformed";
        let space = data.iter().take(20).position(|&b| b == b' ').ok_or(FAULT)?;
        let length = usize::try_from(decimal(&data[..space])?).map_err(|_| FAULT)?;
        if length > data.len() || length < space + 3 || data[length - 1] != b'\n' {
            return Err(FAULT);
        }
        let body = &data[space + 1..length - 1];
        let equals = body.iter().position(|&b| b == b'=').ok_or(FAULT)?;
        if equals == 0 {
            return Err(FAULT);
        }
        Ok(Self {
            key: &body[..equals],
            value: &body[equals + 1..],
            rest: &data[length..],
        })
    }
}

/// Parses an unsigned decimal number: at least one digit, and nothing else.
///
/// # Errors
/// The reason that it is none, to be shown to users.
pub fn decimal(text: &[u8]) -> Result<u64, &'static str> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err("a number in an extended header is malformed");
    }
    let text = str::from_utf8(text).map_err(|_| "a number in an extended header is malformed")?;
    text.parse()
        .map_err(|_| "a number in an extended header is out of range")
}

fn id(text: &[u8]) -> Result<u32, &'static str> {
    u32::try_from(decimal(text)?).map_err(|_| "an owner is out of range")
}

/// Parses `[-]SECONDS[.FRACTION]`; digits beyond nanoseconds are cut off.
fn time(text: &[u8]) -> Result<Timestamp, &'static str> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match text.iter().position(|&b| b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[][..]),
    };
    let seconds = i64::try_from(decimal(whole)?).map_err(|_| "a time is out of range")?;
    let mut nanos = 0;
    for index in 0..9 {
        let digit = fraction.get(index).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return Err("a time is malformed");
        }
        nanos = nanos * 10 + u32::from(digit - b'0');
    }
    Ok(match (negative, nanos) {
        (false, _) => Timestamp { seconds, nanos },
        (true, 0) => Timestamp {
            seconds: -seconds,
            nanos,
        },
        (true, _) => Timestamp {
            seconds: -seconds - 1,
            nanos: 1_000_000_000 - nanos,
        },
    })
}

fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || char::from(*bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    Some(out)
}

fn base64_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for &byte in text.iter().filter(|&&b| b != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}
