//! Parses one 512-byte tar header: v7, ustar and GNU.

/// Size of a tar record in bytes.
pub const RECORD: usize = 512;

/// The fields of one header, before extended headers are applied.
#[derive(Debug)]
pub struct Header {
    /// The type of the entry: a byte of its own meaning, `0` for a file.
    pub kind: u8,
    /// The name, with the prefix of ustar.
    pub name: Vec<u8>,
    /// The target of a link.
    pub link: Vec<u8>,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u16,
    /// User id of the owner.
    pub uid: i64,
    /// Group id of the owner.
    pub gid: i64,
    /// Length of the content in bytes.
    pub size: i64,
    /// Time of the last change, in seconds since 1970.
    pub mtime: i64,
    /// Major number of a device.
    pub major: i64,
    /// Minor number of a device.
    pub minor: i64,
}

impl Header {
    /// Decodes a record.
    ///
    /// # Errors
    /// The reason that it is no header, to be shown to users.
    pub fn parse(record: &[u8; RECORD]) -> Result<Self, &'static str> {
        if !checksum_matches(record)? {
            return Err("the checksum does not match");
        }
        let ustar = &record[257..262] == b"ustar";
        let gnu = &record[257..265] == b"ustar  \0";
        let mut name = text(&record[..100]).to_vec();
        if ustar && !gnu {
            let prefix = text(&record[345..500]);
            if !prefix.is_empty() {
                name = [prefix, b"/", &name].concat();
            }
        }
        let kind = record[156];
        let device = ustar && matches!(kind, b'3' | b'4');
        let device_number = |range: std::ops::Range<usize>| {
            if device {
                number(&record[range])
            } else {
                Ok(0)
            }
        };
        Ok(Self {
            kind,
            name,
            link: text(&record[157..257]).to_vec(),
            mode: u16::try_from(number(&record[100..108])? & 0o7777).unwrap_or(0),
            uid: number(&record[108..116])?,
            gid: number(&record[116..124])?,
            size: number(&record[124..136])?,
            mtime: number(&record[136..148])?,
            major: device_number(329..337)?,
            minor: device_number(337..345)?,
        })
    }
}

/// A field up to its first NUL.
#[must_use]
pub fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    &field[..end]
}

/// A numeric field: octal text, or GNU base-256 when the first bit is set.
///
/// # Errors
/// The reason that it is no number, to be shown to users.
pub fn number(field: &[u8]) -> Result<i64, &'static str> {
    if field.first().is_some_and(|b| b & 0x80 != 0) {
        return base256(field);
    }
    let text = field.trim_ascii_start();
    let text = text.strip_prefix(b"\0").unwrap_or(text);
    let end = text
        .iter()
        .position(|b| matches!(b, 0 | b' '))
        .unwrap_or(text.len());
    let mut value: i64 = 0;
    for &digit in &text[..end] {
        if !(b'0'..=b'7').contains(&digit) {
            return Err("a numeric field is not octal");
        }
        value = value
            .checked_mul(8)
            .and_then(|v| v.checked_add(i64::from(digit - b'0')))
            .ok_or("a numeric field is out of range")?;
    }
    Ok(value)
}

/// Two's complement, big endian: the top bit is the marker, and the next bit is the sign.
fn base256(field: &[u8]) -> Result<i64, &'static str> {
    let negative = field[0] & 0x40 != 0;
    let mut value: i128 = if negative { -1 } else { 0 };
    for (index, &byte) in field.iter().enumerate() {
        let byte = match (index, negative) {
            (0, false) => byte & 0x7f,
            _ => byte,
        };
        // A field has at most 12 bytes: 96 bits cannot overflow.
        value = (value << 8) | i128::from(byte);
    }
    i64::try_from(value).map_err(|_| "a numeric field is out of range")
}

/// Whether the checksum is the sum of all bytes, with its own field taken as spaces. Old writers
/// summed signed bytes.
fn checksum_matches(record: &[u8; RECORD]) -> Result<bool, &'static str> {
    let stored = number(&record[148..156])?;
    let (mut unsigned, mut signed) = (0i64, 0i64);
    for (index, &byte) in record.iter().enumerate() {
        let byte = if (148..156).contains(&index) {
            b' '
        } else {
            byte
        };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    Ok(stored == unsigned || stored == signed)
}
