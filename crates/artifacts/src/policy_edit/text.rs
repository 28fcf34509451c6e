//! Places in a text.

use crate::Place;

/// The offset of a place in bytes.
pub(super) fn offset(text: &str, place: Place) -> Option<usize> {
    let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let start = match line {
        0 => 0,
        line => text.match_indices('\n').nth(line - 1)?.0 + 1,
    };
    let mut characters = text[start..].char_indices();
    let end = text.len() - start;
    let at = characters.nth(column).map_or(end, |(at, _)| at);
    Some(start + at)
}

/// The offset behind the colon of a key that begins at `key`.
pub(super) fn after_key(text: &str, key: usize) -> Option<usize> {
    let rest = &text[key..];
    let length = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].find(quote)? + 2,
        _ => rest.find(':')?,
    };
    let colon = rest[length..].find(':')?;
    let is_blank = rest[length..length + colon].trim().is_empty();
    is_blank.then_some(key + length + colon + 1)
}

/// The offset at which the line of an offset begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The offset behind the line of an offset and its end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// `text` with `new` in place of a part.
pub(super) fn replaced(text: &str, part: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..part.start], &text[part.end..])
}
