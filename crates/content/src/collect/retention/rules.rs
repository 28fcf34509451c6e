//! Rules of retention, as the operator writes them.

use std::num::NonZeroU32;

use lazaret_oci::Repository;
use lazaret_values::{Pattern, Period};
use serde::{Deserialize, Serialize};

/// Rules in order: the first that matches a repository decides; without one, everything stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention {
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Retention {
    /// The rule for a repository, if one matches.
    #[must_use]
    pub fn rule(&self, repository: &Repository) -> Option<&Rule> {
        let fits = |rule: &&Rule| {
            let mut patterns = rule.repositories.iter();
            patterns.any(|pattern| pattern.matches(repository.as_str()))
        };
        self.rules.iter().find(fits)
    }
}

/// A rule for the repositories that match its patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Patterns of the repositories.
    pub repositories: Vec<Pattern>,
    /// The tags that stay; all tags when it is left out.
    #[serde(default, skip_serializing_if = "KeepTags::is_everything")]
    pub keep: KeepTags,
    /// The treatment of manifests that no tag, kept index or kept subject holds.
    #[serde(default)]
    pub untagged: Untagged,
}

/// The tags that stay: those for which any of the conditions holds; all tags if there is no
/// condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepTags {
    /// Keeps this number of tags: those that were moved or created last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<NonZeroU32>,
    /// Keeps tags that were moved or created within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_than: Option<Period>,
    /// Keeps tags that match one of these patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Pattern>,
}

impl KeepTags {
    /// Whether no condition is given, so that every tag stays.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.last.is_none() && self.newer_than.is_none() && self.tags.is_empty()
    }
}

/// The treatment of manifests that nothing holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untagged {
    /// They stay until they are deleted by a request.
    #[default]
    Keep,
    /// They are deleted when their last push is this long ago.
    DeleteAfter(Period),
}
