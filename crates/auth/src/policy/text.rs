//! Matches names and claims, which have no segments, with patterns that may have `*`.

use lazaret_values::wildcard;

/// Whether `text`, which may have any characters, matches `pattern`. Only `*` is special in it and
/// stands for any characters.
pub(crate) fn matches_text(pattern: &str, text: &str) -> bool {
    wildcard(
        pattern.as_bytes(),
        text.as_bytes(),
        |byte| *byte == b'*',
        |a, b| a == b,
    )
}
