//! Rules of retention, as the operator writes them.

use std::num::NonZeroU32;

use lazaret_oci::Repository;
use lazaret_values::{Pattern, Period};
use serde::{Deserialize, Serialize};

/// Rules in order: the first that fits a repository decides, and without one everything stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retention {
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Retention {
    /// The rule for a repository.
    #[must_use]
    pub fn rule(&self, repository: &Repository) -> Option<&Rule> {
        let fits = |rule: &&Rule| {
            let mut patterns = rule.repositories.iter();
            patterns.any(|pattern| pattern.matches(repository.as_str()))
        };
        self.rules.iter().find(fits)
    }
}

/// A rule for the repositories that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The repositories.
    pub repositories: Vec<Pattern>,
    /// The tags that stay; all, when it is left out.
    #[serde(default, skip_serializing_if = "KeepTags::is_everything")]
    pub keep: KeepTags,
    /// The fate of manifests that no tag, kept index or kept subject holds.
    #[serde(default)]
    pub untagged: Untagged,
}

/// Tags that stay: those that any of the conditions holds for. Without conditions, all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepTags {
    /// The so many tags of the repository that were pointed somewhere last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<NonZeroU32>,
    /// Tags that were pointed somewhere within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_than: Option<Period>,
    /// Tags whose names fit one of these.
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

/// The fate of manifests that nothing holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untagged {
    /// They stay until somebody deletes them.
    #[default]
    Keep,
    /// They go when their last push is this long ago.
    DeleteAfter(Period),
}
