//! Names of volumes.

/// Longest name: that of a volume which nobody named.
const LONGEST: usize = 64;

/// Whether a volume can have this name: letters, digits, `_`, `.` and `-`, the first a letter or
/// digit.
#[must_use]
pub fn is_volume_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(is_inner)
}
