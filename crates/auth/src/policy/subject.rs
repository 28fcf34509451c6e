//! The clients that an access rule applies to.

use std::fmt;
use std::str::FromStr;

use super::text::matches_text;
use crate::Identity;

/// The clients that a rule applies to: `everyone`, `anonymous`, `authenticated`, `user:<name>`,
/// `group:<name>` or `key:<id>`. In names, `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All clients.
    Everyone,
    /// Clients without a credential.
    Anonymous,
    /// Identified clients.
    Authenticated,
    /// The user of this name.
    User(String),
    /// The members of this group.
    Group(String),
    /// Clients that hold the API key with this id.
    Key(String),
}

/// Text that is not a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid subject '{0}': expected everyone, anonymous, authenticated, user:<name>, group:<name> or key:<id>"
)]
pub struct SubjectError(String);

impl Subject {
    /// Whether the rule applies to this identity.
    #[must_use]
    pub(super) fn includes(&self, identity: &Identity, groups: &[&str]) -> bool {
        let user = identity.user();
        match self {
            Self::Everyone => true,
            Self::Anonymous => user.is_none(),
            Self::Authenticated => user.is_some(),
            Self::User(name) => user.is_some_and(|user| matches_text(name, user)),
            Self::Group(name) => groups.iter().any(|group| matches_text(name, group)),
            Self::Key(id) => identity.key().is_some_and(|key| matches_text(id, key)),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let wrong = || SubjectError(lazaret_values::Printable::excerpt(text));
        match text {
            "everyone" => return Ok(Self::Everyone),
            "anonymous" => return Ok(Self::Anonymous),
            "authenticated" => return Ok(Self::Authenticated),
            _ => {}
        }
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
            return Err(wrong());
        }
        let name = name.to_owned();
        match kind {
            "user" => Ok(Self::User(name)),
            "group" => Ok(Self::Group(name)),
            "key" => Ok(Self::Key(name)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Key(id) => write!(f, "key:{id}"),
        }
    }
}
