//! Patterns of paths, and the paths of requests.
//!
//! | in a pattern | stands for |
//! |---|---|
//! | `*` | any characters of a segment, also none |
//! | `**`, as a segment of its own | any number of segments, also none |
//!
//! Everything else stands for itself, after `%41` has become `A`. `*` alone is every path.

mod request;
mod text;

use lazaret_values::wildcard;

pub(crate) use request::RequestPath;
use text::{decoded, is_canonical_segment};

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;

/// A pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PathPattern(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Segment {
    /// `**`: any number of segments.
    Any,
    One(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Piece {
    Byte(u8),
    /// `*`: any bytes.
    Any,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The reason that it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self(vec![Segment::Any]));
        }
        if text.len() > LONGEST {
            return Err("a pattern has at most 1024 characters");
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a path begins with '/'");
        };
        if rest.contains(['?', '#']) {
            return Err("a path has no query: patterns are compared with what is before '?'");
        }
        let segments: Vec<&str> = rest.split('/').collect();
        let last = segments.len() - 1;
        let parsed = segments.iter().enumerate().map(|(index, segment)| {
            if segment.is_empty() && index < last {
                return Err("no request with '//' in its path satisfies a rule");
            }
            parse_segment(segment)
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the segments of a path match.
    pub(crate) fn matches(&self, path: &[Vec<u8>]) -> bool {
        wildcard(
            &self.0,
            path,
            |segment| *segment == Segment::Any,
            |segment, own| matches!(segment, Segment::One(pieces) if fits(pieces, own)),
        )
    }

    /// Whether it matches every path, in any reading of it.
    pub(crate) fn is_everything(&self) -> bool {
        let any = self.0.iter().filter(|segment| **segment == Segment::Any);
        let any = any.count();
        let free = |segment: &Segment| matches!(segment, Segment::One(pieces) if pieces[..] == [Piece::Any]);
        // A path has one segment at least.
        let singles = self.0.iter().filter(|segment| free(segment)).count();
        any > 0 && singles <= 1 && any + singles == self.0.len()
    }

    /// Whether each path of `other` is known to be one of this pattern.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        wildcard(
            &self.0,
            &other.0,
            |segment| *segment == Segment::Any,
            |own, other| match (own, other) {
                (Segment::One(own), Segment::One(other)) => wildcard(
                    own,
                    other,
                    |piece| *piece == Piece::Any,
                    |own, other| own == other,
                ),
                _ => false,
            },
        )
    }

    /// Whether a path of both may exist: `false` only where the characters before the first
    /// wildcard tell them apart.
    pub(crate) fn may_meet(&self, other: &Self) -> bool {
        for (own, other) in self.0.iter().zip(&other.0) {
            let (Segment::One(own), Segment::One(other)) = (own, other) else {
                return true;
            };
            for (own, other) in own.iter().zip(other) {
                match (own, other) {
                    (Piece::Any, _) | (_, Piece::Any) => return true,
                    (own, other) if own != other => return false,
                    _ => {}
                }
            }
            // One of them goes on, and not with a wildcard that may stand for nothing.
            let next = own.get(other.len()).or(other.get(own.len()));
            match next {
                Some(Piece::Byte(_)) => return false,
                Some(Piece::Any) => return true,
                None => {}
            }
        }
        let next = self.0.get(other.0.len()).or(other.0.get(self.0.len()));
        next.is_none_or(|segment| *segment == Segment::Any)
    }
}

fn parse_segment(text: &str) -> Result<Segment, &'static str> {
    if text == "**" {
        return Ok(Segment::Any);
    }
    if text.contains("**") {
        return Err("'**' has to be a segment of its own");
    }
    let mut pieces = Vec::new();
    for (index, part) in text.split('*').enumerate() {
        if index > 0 {
            pieces.push(Piece::Any);
        }
        let bytes = decoded(part.as_bytes()).filter(|_| !part.contains('\\'));
        let bytes = bytes.ok_or("no request with such a path satisfies a rule")?;
        pieces.extend(bytes.into_iter().map(Piece::Byte));
    }
    let plain = text.replace('*', "x");
    match decoded(plain.as_bytes()) {
        Some(bytes) if is_canonical_segment(&bytes) => Ok(Segment::One(pieces)),
        _ => Err("no request with such a path satisfies a rule"),
    }
}

fn fits(pieces: &[Piece], segment: &[u8]) -> bool {
    wildcard(
        pieces,
        segment,
        |piece| *piece == Piece::Any,
        |piece, byte| *piece == Piece::Byte(*byte),
    )
}

#[cfg(test)]
mod tests;
