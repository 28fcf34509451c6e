//! The access policy: the rules as a value, and the pure decision on what a client may do.
//!
//! A request is allowed when a rule allows it and none denies it. The order of rules does not
//! matter.

mod repositories;
mod subject;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use lazaret_oci::Repository;
use lazaret_values::{schema_by_text, serde_by_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use repositories::RepositoryPattern;
pub use subject::{Subject, SubjectError};
pub(super) use text::matches_text;

use crate::{Action, Identity};

serde_by_text!(Subject);
schema_by_text!(Subject, {
    "examples": ["user:alice", "group:ci", "anonymous", "authenticated"],
});

/// One rule on who may do what where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which repositories: `acme/**`, `*/public/*`, `${user}/**`; all, when nothing is said.
    #[serde(default = "all")]
    pub repositories: Vec<RepositoryPattern>,
    /// Whom: `user:alice`, `group:ci`, `key:<id>`, `authenticated`, `anonymous`, `everyone`.
    pub subjects: Vec<Subject>,
    /// What: `pull`, `push`, `delete`, `list` (the catalog), `administer`.
    pub actions: Vec<Action>,
    /// Whether they may, or may not whatever other rules say.
    #[serde(default)]
    pub effect: Effect,
}

fn all() -> Vec<RepositoryPattern> {
    vec!["**".parse().expect("a constant pattern")]
}

/// What a rule says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// They may.
    #[default]
    Allow,
    /// They may not.
    Deny,
}

/// The access rules, and the groups of the settings.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    rules: Rules,
    /// The members of each group.
    groups: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone)]
enum Rules {
    /// No authenticators and no rules, for development: everybody may do everything.
    Open,
    /// Authenticators but no rules: every identified client may do everything but administer.
    Authenticated,
    Listed(Vec<Rule>),
}

impl Policy {
    /// Makes a policy; `authenticates` says whether any authenticator is set up.
    pub(super) fn new(
        rules: Option<Vec<Rule>>,
        groups: BTreeMap<String, Vec<String>>,
        authenticates: bool,
    ) -> Self {
        let rules = match rules {
            Some(rules) => Rules::Listed(rules),
            None if authenticates => Rules::Authenticated,
            None => Rules::Open,
        };
        Self { rules, groups }
    }

    /// Whether everybody may do everything.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.rules, Rules::Open)
    }

    /// Whether the rules allow the identity to do this, regardless of its token's scope. Without a
    /// repository the patterns of rules are ignored.
    pub(super) fn allows(
        &self,
        identity: &Identity,
        action: Action,
        repository: Option<&Repository>,
    ) -> bool {
        let rules = match &self.rules {
            Rules::Open => return true,
            Rules::Authenticated => {
                return identity.user().is_some() && action != Action::Administer;
            }
            Rules::Listed(rules) => rules,
        };
        let groups = self.groups_of(identity);
        let fits = |rule: &&Rule| {
            rule.actions.contains(&action)
                && rule.subjects.iter().any(|s| s.includes(identity, &groups))
                && repository.is_none_or(|repository| {
                    rule.repositories
                        .iter()
                        .any(|pattern| pattern.matches(repository.as_str(), identity.user()))
                })
        };
        let mut allowed = false;
        for rule in rules.iter().filter(fits) {
            match rule.effect {
                Effect::Deny => return false,
                Effect::Allow => allowed = true,
            }
        }
        allowed
    }

    /// Whether any rule names this group.
    pub(super) fn mentions(&self, group: &str) -> bool {
        let Rules::Listed(rules) = &self.rules else {
            return false;
        };
        rules
            .iter()
            .flat_map(|rule| &rule.subjects)
            .any(|subject| matches!(subject, Subject::Group(name) if matches_text(name, group)))
    }

    /// The groups that the credential names, and those of the settings that have the user as a
    /// member.
    fn groups_of<'a>(&'a self, identity: &'a Identity) -> Vec<&'a str> {
        let named = self.groups.iter().filter(|(_, members)| {
            identity
                .user()
                .is_some_and(|user| members.iter().any(|member| member == user))
        });
        identity
            .groups()
            .iter()
            .map(String::as_str)
            .chain(named.map(|(group, _)| group.as_str()))
            .collect()
    }
}
