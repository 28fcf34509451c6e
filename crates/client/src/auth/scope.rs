//! The scopes of a token (distribution specification, "auth/scope").

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lazaret_oci::Repository;

/// Longest scope text of a challenge that is parsed, in bytes.
const LONGEST: usize = 2048;

/// A set of `type:name:action,...`, in a fixed order, so that it can be the key of a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scopes(BTreeMap<String, BTreeSet<String>>);

impl Scopes {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn pull(repository: &Repository) -> Self {
        Self::repository(repository, &["pull"])
    }

    pub(crate) fn push(repository: &Repository) -> Self {
        Self::repository(repository, &["pull", "push"])
    }

    pub(crate) fn delete(repository: &Repository) -> Self {
        Self::repository(repository, &["delete", "pull"])
    }

    pub(crate) fn catalog() -> Self {
        let mut scopes = Self::none();
        scopes.add("registry:catalog", ["*"]);
        scopes
    }

    fn repository(repository: &Repository, actions: &[&str]) -> Self {
        let mut scopes = Self::none();
        scopes.add(&format!("repository:{repository}"), actions.iter().copied());
        scopes
    }

    fn add<'a>(&mut self, object: &str, actions: impl IntoIterator<Item = &'a str>) {
        self.0
            .entry(object.to_owned())
            .or_default()
            .extend(actions.into_iter().map(str::to_owned));
    }

    /// The union of both sets.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (object, actions) in &other.0 {
            self.add(object, actions.iter().map(String::as_str));
        }
        self
    }

    /// Parses the scopes of a challenge; malformed ones are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut scopes = Self::none();
        if text.len() > LONGEST {
            return scopes;
        }
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if let Some((object, actions)) = scope.rsplit_once(':')
                && !actions.is_empty()
                && let Some((kind, name)) = object.split_once(':')
                && !kind.is_empty()
                && !name.is_empty()
            {
                scopes.add(object, actions.split(',').filter(|a| !a.is_empty()));
            }
        }
        scopes
    }

    /// The scopes, one text each.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(object, actions)| {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            format!("{object}:{}", actions.join(","))
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, text) in self.texts().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&text)?;
        }
        Ok(())
    }
}
