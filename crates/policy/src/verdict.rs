//! Verdicts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to a connection or a request; the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is refused.
    Deny,
    /// A person is asked.
    Ask,
    /// It passes.
    Allow,
}

impl Verdict {
    /// The word that policies have for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Ask => "ask",
            Self::Allow => "allow",
        }
    }

    /// The verdict that a policy names.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Deny, Self::Ask, Self::Allow];
        all.into_iter().find(|verdict| verdict.name() == name)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
