//! Patterns of repository names in access rules.

use std::fmt;
use std::str::FromStr;

use lazaret_oci::wildcard;

/// Longest pattern, in bytes: as long as a repository name.
const LONGEST: usize = 255;
/// The place of the user's name.
const USER: &str = "${user}";

/// Which repositories a rule is about. `*` is any part of one segment, `**` any number of whole
/// segments (also none), `${user}` the name of who asks.
///
/// Matching takes time bounded by the product of both lengths, whatever the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`
    Many,
    One(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// `*`
    Any,
    User,
}

/// Text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern '{text}': {reason}")]
pub struct PatternError {
    /// The text given, shortened.
    text: String,
    /// Which rule it breaks.
    reason: &'static str,
}

impl Pattern {
    /// Whether the pattern describes `name`. `user` stands for `${user}`; a pattern with
    /// `${user}` describes nothing when there is no user, or one whose name cannot be a
    /// segment of a repository name.
    #[must_use]
    pub fn matches(&self, name: &str, user: Option<&str>) -> bool {
        let user = user.filter(|user| is_segment(user));
        let name: Vec<&str> = name.split('/').collect();
        wildcard(
            &self.segments,
            &name,
            |segment| *segment == Segment::Many,
            |segment, text| matches!(segment, Segment::One(pieces) if fits(pieces, text, user)),
        )
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether a user's name can stand for `${user}`: it must not add segments or wildcards.
fn is_segment(user: &str) -> bool {
    !user.contains('/') && user.parse::<lazaret_oci::Repository>().is_ok()
}

/// Whether one segment of a name fits one of a pattern.
fn fits(pieces: &[Piece], text: &str, user: Option<&str>) -> bool {
    if !pieces.contains(&Piece::User) {
        return fits_bytes(pieces, text);
    }
    let Some(user) = user else {
        return false;
    };
    let literal = || user.bytes().map(Piece::Byte);
    let pieces: Vec<Piece> = pieces
        .iter()
        .flat_map(|piece| -> Box<dyn Iterator<Item = Piece>> {
            match piece {
                Piece::User => Box::new(literal()),
                piece => Box::new(std::iter::once(piece.clone())),
            }
        })
        .collect();
    fits_bytes(&pieces, text)
}

fn fits_bytes(pieces: &[Piece], text: &str) -> bool {
    wildcard(
        pieces,
        text.as_bytes(),
        |piece| *piece == Piece::Any,
        |piece, byte| *piece == Piece::Byte(*byte),
    )
}

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

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |reason| PatternError {
            text: text.chars().take(80).collect(),
            reason,
        };
        if text.is_empty() || text.len() > LONGEST {
            return Err(wrong("it has 1 to 255 characters"));
        }
        let segments = text
            .split('/')
            .map(segment)
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }
}

fn segment(text: &str) -> Result<Segment, &'static str> {
    if text.is_empty() {
        return Err("a segment is empty");
    }
    if text == "**" {
        return Ok(Segment::Many);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        if let Some(after) = rest.strip_prefix(USER) {
            pieces.push(Piece::User);
            rest = after;
            continue;
        }
        pieces.push(match first {
            b'*' if pieces.last() == Some(&Piece::Any) => {
                return Err("'**' stands alone between slashes");
            }
            b'*' => Piece::Any,
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => Piece::Byte(first),
            b'$' => return Err("'$' is only for ${user}"),
            _ => return Err("repository names have lower-case letters, digits, '.', '_' and '-'"),
        });
        rest = &rest[1..];
    }
    Ok(Segment::One(pieces))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
