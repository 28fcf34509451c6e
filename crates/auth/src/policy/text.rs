//! Names and claims with `*` in them, which know no segments.

use lazaret_values::wildcard;

/// Whether `text`, which may have any characters, fits `pattern`, in which only `*` is special
/// and stands for any characters.
pub(crate) fn matches_text(pattern: &str, text: &str) -> bool {
    wildcard(
        pattern.as_bytes(),
        text.as_bytes(),
        |byte| *byte == b'*',
        |a, b| a == b,
    )
}
