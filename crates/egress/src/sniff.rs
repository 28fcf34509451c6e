//! Tells from the first bytes of a client what it speaks.
//!
//! Pure functions over bytes. Whoever speaks something else is let through only where everything may
//! pass, so that text that a lenient server could take for HTTP must be HTTP here as well.

mod hello;
#[cfg(test)]
pub(crate) mod made;
mod retry;

pub(crate) use hello::{Hello, HelloError, host_name};
pub(crate) use retry::{TELLING, asks_again};

/// The longest request line that is waited for.
pub(crate) const MAX_LINE: usize = 16 * 1024;

/// The start of a connection over HTTP/2 without negotiation.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// TLS; the first message, whole.
    Tls(Hello),
    /// HTTP/1.
    Http1,
    /// HTTP/2, as both sides knew before.
    Http2,
    /// Something else.
    Other,
}

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// More bytes are needed.
    More,
    /// It is known.
    Is(Spoken),
    /// It is TLS that is not understood.
    Faulty(HelloError),
}

/// Looks at the first bytes of a client.
pub(crate) fn sniff(bytes: &[u8]) -> Sniffed {
    match bytes.first() {
        None => Sniffed::More,
        Some(&hello::HANDSHAKE) => tls(bytes),
        Some(_) => text(bytes),
    }
}

/// Looks at bytes that start like TLS. Something else may have this first byte, but hardly the second.
fn tls(bytes: &[u8]) -> Sniffed {
    match bytes.get(1) {
        None => return Sniffed::More,
        Some(3) => {}
        Some(_) => return Sniffed::Is(Spoken::Other),
    }
    match Hello::parse(bytes) {
        Ok(Some(hello)) => Sniffed::Is(Spoken::Tls(hello)),
        Ok(None) => Sniffed::More,
        Err(error) => Sniffed::Faulty(error),
    }
}

/// Looks at bytes that may be a request line, after empty lines, which servers skip.
fn text(bytes: &[u8]) -> Sniffed {
    if bytes.starts_with(PREFACE) {
        return Sniffed::Is(Spoken::Http2);
    }
    if PREFACE.starts_with(bytes) {
        return Sniffed::More;
    }
    let bytes = &bytes[..bytes.len().min(MAX_LINE)];
    let empty = bytes.iter().take_while(|byte| b"\r\n".contains(byte));
    let rest = &bytes[empty.count()..];
    let line = rest.iter().position(|byte| *byte == b'\n');
    match line {
        Some(end) if may_be_text(&rest[..end]) && is_request_line(&rest[..end]) => {
            Sniffed::Is(Spoken::Http1)
        }
        Some(_) => Sniffed::Is(Spoken::Other),
        None if !may_be_text(rest) => Sniffed::Is(Spoken::Other),
        // The parser of HTTP says that this is too long.
        None if bytes.len() == MAX_LINE => Sniffed::Is(Spoken::Http1),
        None => Sniffed::More,
    }
}

/// Whether a line ends with a version of HTTP, in whatever form some server takes it.
fn is_request_line(line: &[u8]) -> bool {
    let word = line
        .trim_ascii_end()
        .rsplit(|byte| byte.is_ascii_whitespace())
        .next();
    word.is_some_and(|word| {
        word.len() < line.len() && word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"http/")
    })
}

/// Whether a line that has not ended may become a request line: a method starts with a letter, and
/// there is nothing but text.
fn may_be_text(line: &[u8]) -> bool {
    let starts = line.first().is_none_or(u8::is_ascii_graphic);
    starts
        && !line
            .iter()
            .any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r'))
}

#[cfg(test)]
mod tests;
