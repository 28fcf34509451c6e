//! Patterns of names: one notation for rules, access, retention and webhooks.

mod wildcard;

use std::fmt;
use std::str::FromStr;

use crate::{Error, Printable};

pub use wildcard::wildcard;

/// A pattern of names with segments between slashes: of repositories, tags, media types.
///
/// | in a pattern | stands for |
/// |---|---|
/// | `?` | one character of a segment |
/// | `*` | any characters of a segment, also none |
/// | `**`, as a segment of its own | any number of segments, also none |
/// | `${user}` | the name of the user who asks |
///
/// Everything else stands for itself. A pattern has 1 to 512 bytes. Matching takes at most the
/// product of both lengths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Segment {
    /// `**`: any number of segments.
    Any,
    One(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Piece {
    Character(char),
    /// `?`: one character.
    AnyCharacter,
    /// `*`: any characters.
    Any,
    /// `${user}`: the user's name.
    User,
}

/// Longest pattern, in bytes.
const LONGEST: usize = 512;
/// Placeholder of the user's name.
const USER: &str = "${user}";

impl Pattern {
    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole `name` matches without a user: a pattern with `${user}` matches nothing.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.matches_for(name, None)
    }

    /// Whether the whole `name` matches for `user`. The user's name stands for itself, whatever
    /// characters it has, within one segment. A pattern with `${user}` matches nothing when there
    /// is no user, or when the user's name is empty or has a slash.
    #[must_use]
    pub fn matches_for(&self, name: &str, user: Option<&str>) -> bool {
        let user = user.filter(|user| !user.is_empty() && !user.contains('/'));
        let names: Vec<Vec<char>> = name.split('/').map(|part| part.chars().collect()).collect();
        wildcard(
            &self.segments,
            &names,
            |segment| *segment == Segment::Any,
            |segment, name| matches!(segment, Segment::One(pieces) if fits(pieces, name, user)),
        )
    }

    /// Whether it contains `${user}`.
    #[must_use]
    pub fn has_user(&self) -> bool {
        self.segments
            .iter()
            .any(|segment| matches!(segment, Segment::One(pieces) if pieces.contains(&Piece::User)))
    }
}

/// Whether one segment of a name matches one segment of a pattern.
fn fits(pieces: &[Piece], name: &[char], user: Option<&str>) -> bool {
    if !pieces.contains(&Piece::User) {
        return fits_characters(pieces, name);
    }
    let Some(user) = user else {
        return false;
    };
    let mut known = Vec::new();
    for piece in pieces {
        match piece {
            Piece::User => known.extend(user.chars().map(Piece::Character)),
            piece => known.push(*piece),
        }
    }
    fits_characters(&known, name)
}

fn fits_characters(pieces: &[Piece], name: &[char]) -> bool {
    wildcard(
        pieces,
        name,
        |piece| *piece == Piece::Any,
        |piece, character| match piece {
            Piece::Character(own) => own == character,
            Piece::AnyCharacter => true,
            Piece::Any | Piece::User => false,
        },
    )
}

impl FromStr for Pattern {
    type Err = Error;

    /// # Errors
    /// [`Error::Pattern`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Pattern {
            text: Printable::excerpt(text),
            reason,
        };
        if text.is_empty() || text.len() > LONGEST {
            return Err(fail("it has to have 1 to 512 characters"));
        }
        let segments: Option<_> = text.split('/').map(segment).collect();
        Ok(Self {
            text: text.to_owned(),
            segments: segments.ok_or_else(|| fail("'**' has to be a segment of its own"))?,
        })
    }
}

/// Parses one segment; `None` when it has `**` among other characters.
fn segment(text: &str) -> Option<Segment> {
    if text == "**" {
        return Some(Segment::Any);
    }
    if text.contains("**") {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let (piece, length) = match character {
            '*' => (Piece::Any, 1),
            '?' => (Piece::AnyCharacter, 1),
            '$' if rest.starts_with(USER) => (Piece::User, USER.len()),
            _ => (Piece::Character(character), character.len_utf8()),
        };
        pieces.push(piece);
        rest = &rest[length..];
    }
    Some(Segment::One(pieces))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(feature = "serde")]
crate::serde_by_text!(Pattern);
#[cfg(feature = "schemars")]
crate::schema_by_text!(Pattern, {});

#[cfg(test)]
mod tests;
