//! A server of TLS 1.3 may ask for another first message (RFC 8446, section 4.1.4).

/// The random of a server that asks for another first message.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The header of a record, the header of a message and the version before the random.
const BEFORE: usize = 5 + 4 + 2;

/// Bytes of a server that tell it.
pub(crate) const TELLING: usize = BEFORE + RETRY.len();

/// Whether a server that starts with these bytes asks for another first message; `None` as long as they
/// do not tell it.
pub(crate) fn asks_again(bytes: &[u8]) -> Option<bool> {
    let start = [super::hello::HANDSHAKE, 3];
    if bytes
        .iter()
        .zip(start)
        .any(|(byte, expected)| *byte != expected)
    {
        return Some(false);
    }
    Some(bytes.get(BEFORE..TELLING)? == RETRY)
}
