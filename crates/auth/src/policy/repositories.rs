//! Patterns of the repositories that an access rule applies to.

use std::fmt;
use std::str::FromStr;

use lazaret_oci::Repository;
use lazaret_values::{Error, Pattern, Printable};

/// Longest pattern, in bytes: as long as a repository name.
const LONGEST: usize = 255;
/// The placeholder of the user's name.
const USER: &str = "${user}";

/// A [`Pattern`] that at least one repository name can match: `acme/**`, `te?m/*`, `${user}/**`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPattern(Pattern);

impl RepositoryPattern {
    /// Whether `name` matches the pattern. `user` replaces `${user}`; a pattern with `${user}`
    /// matches nothing when there is no user, or when the user's name cannot be a segment of a
    /// repository name.
    #[must_use]
    pub fn matches(&self, name: &str, user: Option<&str>) -> bool {
        let is_name = |user: &&str| user.parse::<Repository>().is_ok();
        self.0.matches_for(name, user.filter(is_name))
    }
}

impl FromStr for RepositoryPattern {
    type Err = Error;

    /// # Errors
    /// [`Error::Pattern`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let pattern = text.parse()?;
        match fault(text) {
            None => Ok(Self(pattern)),
            Some(reason) => Err(Error::Pattern {
                text: Printable::excerpt(text),
                reason,
            }),
        }
    }
}

/// The reason that no repository name can match a pattern.
fn fault(text: &str) -> Option<&'static str> {
    let literal = text.replace(USER, "user");
    let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/._-*?".contains(&b);
    if text.len() > LONGEST {
        Some("it has 1 to 255 characters")
    } else if text.split('/').any(str::is_empty) {
        Some("a segment is empty")
    } else if literal.contains('$') {
        Some("'$' is only for ${user}")
    } else if !literal.bytes().all(is_fit) {
        Some("repository names have lower-case letters, digits, '.', '_' and '-'")
    } else {
        None
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

lazaret_values::serde_by_text!(RepositoryPattern);
lazaret_values::schema_by_text!(RepositoryPattern, {
    "examples": ["acme/**", "*/public/*", "${user}/**"],
});
