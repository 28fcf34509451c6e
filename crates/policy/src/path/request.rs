//! The path of a request, as servers may read it.
//!
//! A path is canonical if every server reads it in the same way. One that is not satisfies no rule
//! that allows or asks; it satisfies a rule that denies where one way to read it does.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::text::{decoded, decoded_anyhow, is_canonical_segment};

/// Longest path that is read, in bytes; a longer one satisfies every rule that denies, and no other.
const LONGEST: usize = 8192;
/// Longest path that is read in every way in which a server might: each reading costs its length.
const LONGEST_AMBIGUOUS: usize = 1024;
/// How often a path is decoded, at most.
const ROUNDS: usize = 3;

type Segments = Vec<Vec<u8>>;

/// The path of a request. It is read when a rule asks for it.
#[derive(Debug)]
pub(crate) struct RequestPath<'a> {
    text: &'a str,
    canonical: OnceCell<Option<Segments>>,
    readings: OnceCell<Option<BTreeSet<Segments>>>,
}

impl<'a> RequestPath<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            canonical: OnceCell::new(),
            readings: OnceCell::new(),
        }
    }

    /// Its segments, decoded; `None` if it is not canonical.
    pub(crate) fn canonical(&self) -> Option<&Segments> {
        let read = || canonical(self.text);
        self.canonical.get_or_init(read).as_ref()
    }

    /// Whether a way to read it satisfies `matches`, or it cannot be read at all. A final slash
    /// makes no difference.
    pub(crate) fn has_reading(&self, matches: impl Fn(&[Vec<u8>]) -> bool) -> bool {
        let read = || match self.canonical() {
            Some(segments) => Some([segments.clone(), other_end(segments)].into()),
            None => readings(self.text),
        };
        match self.readings.get_or_init(read) {
            Some(readings) => readings.iter().any(|segments| matches(segments)),
            None => true,
        }
    }
}

fn canonical(text: &str) -> Option<Segments> {
    let rest = text.strip_prefix('/').filter(|_| text.len() <= LONGEST)?;
    let segments: Vec<&str> = rest.split('/').collect();
    let last = segments.len() - 1;
    let read = |(index, segment): (usize, &&str)| {
        let segment = decoded(segment.as_bytes()).filter(|bytes| is_canonical_segment(bytes))?;
        (index == last || !segment.is_empty()).then_some(segment)
    };
    segments.iter().enumerate().map(read).collect()
}

/// Every way in which a server may read a path; `None` if that cannot be told.
fn readings(text: &str) -> Option<BTreeSet<Segments>> {
    if !text.starts_with('/') || text.len() > LONGEST_AMBIGUOUS {
        return None;
    }
    let mut texts = BTreeSet::from([text.as_bytes().to_vec()]);
    for keep_slashes in [false, true] {
        let mut text = text.as_bytes().to_vec();
        for round in 0.. {
            let next = decoded_anyhow(&text, keep_slashes);
            if next == text {
                break;
            }
            if round == ROUNDS {
                return None;
            }
            text = next;
            texts.insert(text.clone());
        }
    }
    if texts.iter().any(|text| text.contains(&0)) {
        return None;
    }
    let mut found = BTreeSet::new();
    for text in &texts {
        for choice in 0..1 << 5 {
            let segments = reading(text, |number| choice & (1 << number) != 0);
            found.insert(other_end(&segments));
            found.insert(segments);
        }
    }
    Some(found)
}

/// One way to read a text: each of the five liberties is taken or not.
fn reading(text: &[u8], takes: impl Fn(u8) -> bool) -> Segments {
    let mut text = text;
    if takes(0) {
        let end = text.iter().position(|c| matches!(c, b'?' | b'#'));
        text = &text[..end.unwrap_or(text.len())];
    }
    let is_slash = |c: &u8| *c == b'/' || (*c == b'\\' && takes(1));
    let mut segments: Segments = Vec::new();
    for segment in text.split(is_slash).skip(1) {
        let end = segment.iter().position(|c| *c == b';' && takes(2));
        segments.push(segment[..end.unwrap_or(segment.len())].to_vec());
    }
    if takes(3) {
        let last = segments.pop();
        segments.retain(|segment| !segment.is_empty());
        segments.extend(last);
    }
    if takes(4) {
        segments = without_steps(segments);
    }
    if segments.is_empty() {
        segments.push(Vec::new());
    }
    segments
}

/// Removes dot segments (RFC 3986, section 5.2.4).
fn without_steps(segments: Segments) -> Segments {
    let mut kept = Vec::new();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.into_iter().enumerate() {
        let is_step = segment == b"." || segment == b"..";
        if segment == b".." {
            kept.pop();
        }
        if !is_step {
            kept.push(segment);
        } else if index == last {
            kept.push(Vec::new());
        }
    }
    kept
}

/// The same path with a final slash, or without the one that it has.
fn other_end(segments: &[Vec<u8>]) -> Segments {
    let mut other = segments.to_vec();
    match other.last() {
        Some(last) if last.is_empty() && other.len() > 1 => {
            other.pop();
        }
        Some(last) if last.is_empty() => {}
        _ => other.push(Vec::new()),
    }
    other
}
