//! Percent-encoded text.

/// Decodes a segment of a canonical path once; `None` where an escape is broken or stands for
/// something that others may read as structure: a slash, a dot, a percent sign before two digits,
/// a semicolon, a control character.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (byte, next) = match *first {
            b'%' => {
                let byte = escape(rest)?;
                if matches!(byte, b'/' | b'\\' | b'.' | b';') || byte.is_ascii_control() {
                    return None;
                }
                (byte, &rest[3..])
            }
            b' ' | b'\\' | b';' | b'?' | b'#' => return None,
            byte if byte.is_ascii_control() => return None,
            byte => (byte, after),
        };
        bytes.push(byte);
        rest = next;
    }
    let is_encoded_twice = (0..bytes.len()).any(|at| escape(&bytes[at..]).is_some());
    (!is_encoded_twice).then_some(bytes)
}

/// Whether a decoded segment is a name and no step in the tree.
pub(super) fn is_canonical_segment(segment: &[u8]) -> bool {
    segment != b"." && segment != b".."
}

/// Decodes every escape that there is; an encoded slash stays where `keep_slashes` says so.
pub(super) fn decoded_anyhow(text: &[u8], keep_slashes: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        match escape(rest) {
            Some(byte) if !(keep_slashes && matches!(byte, b'/' | b'\\')) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// The byte that an escape at the start of a text stands for.
fn escape(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|c| char::from(*c).to_digit(16));
    let (high, low) = (digit(1)?, digit(2)?);
    (text.first() == Some(&b'%')).then(|| u8::try_from(high * 16 + low).unwrap_or_default())
}
