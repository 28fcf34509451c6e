//! The first message of TLS (RFC 8446, section 4.1.2), which may come in many records.

use thiserror::Error;

/// The record type of handshake messages.
pub(super) const HANDSHAKE: u8 = 22;

/// The message type.
const CLIENT_HELLO: u8 = 1;

/// The largest first message, in bytes; post-quantum key shares and tickets make it some thousand.
const MAX_MESSAGE: usize = 32 * 1024;

/// The largest record (RFC 8446, section 5.1).
const MAX_RECORD: usize = 1 << 14;

/// The most records that one message is cut into.
const MAX_RECORDS: usize = 64;

/// Extension types.
const SERVER_NAME: u16 = 0;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;

/// What the first message says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The server's name: lower case, without a final dot.
    pub(crate) server_name: Option<String>,
    /// Whether it has the extension that hides another message (ECH), or that looks like it (GREASE).
    pub(crate) encrypted: bool,
    /// Bytes of the records that it came in.
    pub(crate) bytes: usize,
}

/// Why a first message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum HelloError {
    /// It is longer than anybody needs.
    #[error(
        "the ClientHello is longer than {MAX_MESSAGE} bytes or cut into more than {MAX_RECORDS} records"
    )]
    TooLong,
    /// It is not what TLS starts with.
    #[error("the TLS connection does not start with a ClientHello")]
    NotHello,
    /// A length does not fit, or something is there twice.
    #[error("the ClientHello is malformed")]
    Malformed,
    /// The server's name is not a host name.
    #[error("the server name of the ClientHello is not a host name")]
    Name,
}

impl Hello {
    /// Parses the records of a first message; `None` when more bytes are needed.
    ///
    /// # Errors
    /// Why it is not one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, HelloError> {
        let mut message = Vec::new();
        let mut rest = bytes;
        for _ in 0..MAX_RECORDS {
            let Some((record, after)) = record(rest)? else {
                return Ok(None);
            };
            message.extend_from_slice(record);
            if message[0] != CLIENT_HELLO {
                return Err(HelloError::NotHello);
            }
            if let Some(&[_, high, middle, low]) = message.first_chunk() {
                let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                let length = length + 4;
                if length > MAX_MESSAGE {
                    return Err(HelloError::TooLong);
                }
                if message.len() > length {
                    // Nothing may follow before the server has answered.
                    return Err(HelloError::Malformed);
                }
                if message.len() == length {
                    let mut hello = body(&message[4..])?;
                    hello.bytes = bytes.len() - after.len();
                    return Ok(Some(hello));
                }
            }
            rest = after;
        }
        Err(HelloError::TooLong)
    }
}

/// A record's content, and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// Splits the first record off: its content, which is not empty, and what follows.
fn record(bytes: &[u8]) -> Result<Option<Split<'_>>, HelloError> {
    let kind = bytes.first().is_some_and(|kind| *kind != HANDSHAKE);
    if kind || bytes.get(1).is_some_and(|major| *major != 3) {
        return Err(HelloError::NotHello);
    }
    let Some((&[_, _, _, high, low], rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length == 0 || length > MAX_RECORD {
        return Err(HelloError::Malformed);
    }
    Ok(rest.split_at_checked(length))
}

/// Reads the message without its header.
fn body(bytes: &[u8]) -> Result<Hello, HelloError> {
    let mut hello = Hello {
        server_name: None,
        encrypted: false,
        bytes: 0,
    };
    let mut reader = Reader(bytes);
    // The version and the random.
    reader.take(2 + 32)?;
    let session = reader.vector(1)?;
    let suites = reader.vector(2)?;
    let compressions = reader.vector(1)?;
    if session.len() > 32 || suites.is_empty() || compressions.is_empty() {
        return Err(HelloError::Malformed);
    }
    if reader.0.is_empty() {
        // Before TLS 1.2 there may be no extensions.
        return Ok(hello);
    }
    let mut extensions = Reader(reader.vector(2)?);
    if !reader.0.is_empty() {
        return Err(HelloError::Malformed);
    }
    let mut seen = Vec::new();
    while !extensions.0.is_empty() {
        let kind = extensions.number(2)?;
        let kind = u16::try_from(kind).map_err(|_| HelloError::Malformed)?;
        let content = extensions.vector(2)?;
        match kind {
            SERVER_NAME | ENCRYPTED_CLIENT_HELLO if seen.contains(&kind) => {
                return Err(HelloError::Malformed);
            }
            SERVER_NAME => hello.server_name = Some(server_name(content)?),
            ENCRYPTED_CLIENT_HELLO => hello.encrypted = true,
            _ => continue,
        }
        seen.push(kind);
    }
    Ok(hello)
}

/// Reads the server's name (RFC 6066, section 3): exactly one, a host name.
fn server_name(content: &[u8]) -> Result<String, HelloError> {
    let mut reader = Reader(content);
    let mut list = Reader(reader.vector(2)?);
    let kind = list.number(1)?;
    let name = list.vector(2)?;
    if kind != 0 || !list.0.is_empty() || !reader.0.is_empty() {
        return Err(HelloError::Malformed);
    }
    let name = str::from_utf8(name).map_err(|_| HelloError::Name)?;
    host_name(name).ok_or(HelloError::Name)
}

/// A host name in lower case, without a final dot; `None` for what is not one, as an address.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let valid = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit());
    (name.len() <= 253 && !number && name.split('.').all(valid)).then(|| name.to_ascii_lowercase())
}

/// Bytes from which numbers and vectors are taken.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], HelloError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(HelloError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of at most four bytes.
    fn number(&mut self, bytes: usize) -> Result<usize, HelloError> {
        let bytes = self.take(bytes)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// A vector after its length, which has this many bytes.
    fn vector(&mut self, bytes: usize) -> Result<&'a [u8], HelloError> {
        let length = self.number(bytes)?;
        self.take(length)
    }
}
