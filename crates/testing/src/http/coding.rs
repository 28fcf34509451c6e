//! The chunked transfer coding (RFC 9112, section 7.1).

/// Encodes `bytes` in pieces of `length` bytes, with the end marker.
pub(super) fn chunked(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut coded = Vec::with_capacity(bytes.len() + bytes.len() / length * 8 + 16);
    for piece in bytes.chunks(length) {
        coded.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        coded.extend_from_slice(piece);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n\r\n");
    coded
}

/// Decodes; returns the content and the bytes after its end. `None` when it is cut off or
/// malformed.
pub(super) fn joined(mut coded: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut bytes = Vec::new();
    loop {
        let end = coded.windows(2).position(|window| window == b"\r\n")?;
        let length = std::str::from_utf8(&coded[..end]).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        coded = &coded[end + 2..];
        let piece = coded.get(..length)?;
        coded = coded[length..].strip_prefix(b"\r\n")?;
        if length == 0 {
            return Some((bytes, coded));
        }
        bytes.extend_from_slice(piece);
    }
}
