//! Parses byte ranges: `Range` of a read (RFC 9110, section 14), and `Content-Range` of an upload
//! chunk (distribution-spec 1.1, "Pushing a blob in chunks").

use std::ops::Range;

/// The part of the content that a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requested {
    /// Everything: there is no header, or it may be ignored.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that do not exist.
    Unsatisfiable,
}

/// Parses a `Range` header for content of `size` bytes. Other units, several ranges and malformed
/// headers are ignored, as RFC 9110 allows. A range that ends before it starts is unsatisfiable.
pub(crate) fn requested(header: Option<&str>, size: u64) -> Requested {
    let Some(text) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Requested::Whole;
    };
    let Some((first, last)) = text.trim().split_once('-') else {
        return Requested::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match number(last) {
            None => Requested::Whole,
            Some(0) => Requested::Unsatisfiable,
            Some(_) if size == 0 => Requested::Unsatisfiable,
            Some(length) => Requested::Part(size.saturating_sub(length)..size),
        };
    }
    let Some(first) = number(first) else {
        return Requested::Whole;
    };
    let end = match last {
        // All that there is; clients that resume ask for it without knowing the size.
        "" if size == 0 && first == 0 => return Requested::Whole,
        "" => size,
        last => match number(last) {
            None => return Requested::Whole,
            Some(last) => last.saturating_add(1).min(size),
        },
    };
    if first >= size || end <= first {
        Requested::Unsatisfiable
    } else {
        Requested::Part(first..end)
    }
}

/// Parses the `Content-Range` of a chunk: `<first>-<last>`, optionally with the unit and the length
/// of RFC 9110, which some clients send.
pub(crate) fn chunk(header: &str) -> Option<Range<u64>> {
    let text = header.trim();
    let text = text
        .strip_prefix("bytes")
        .map_or(text, |rest| rest.trim_start_matches([' ', '=']));
    let text = text.split('/').next()?;
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    (first <= last).then(|| first..last.saturating_add(1))
}

/// Parses a number of digits only, without sign or spaces.
fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().unwrap_or(u64::MAX))
}
