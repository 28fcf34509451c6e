//! Forms of text in requests.

/// Decodes `%41`; what is no escape stays.
pub(super) fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let escape = (*first == b'%').then(|| rest.first_chunk()).flatten();
        match escape.and_then(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)) {
            Some(byte) => {
                decoded.push(byte);
                bytes = &rest[2..];
            }
            None => {
                decoded.push(*first);
                bytes = rest;
            }
        }
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Encodes all but what is never special in URLs (RFC 3986, section 2.3).
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Whether `needle`, which is not empty, is in `bytes`.
pub(super) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    position(bytes, needle).is_some()
}

/// Every `from` in `bytes` becomes `to`; `None` if there is none.
pub(super) fn replace(mut bytes: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    position(bytes, from)?;
    let mut replaced = Vec::with_capacity(bytes.len());
    while let Some(at) = position(bytes, from) {
        replaced.extend_from_slice(&bytes[..at]);
        replaced.extend_from_slice(to);
        bytes = &bytes[at + from.len()..];
    }
    replaced.extend_from_slice(bytes);
    Some(replaced)
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}
