//! Parses scopes of tokens (distribution "Token Scope Documentation").

use std::fmt;
use std::str::FromStr;

use lazaret_oci::Repository;
use serde::{Deserialize, Serialize};

use crate::action::Action;

/// Largest number of scopes in one request or token.
const MOST: usize = 64;
/// Longest text of scopes that is parsed, in bytes.
const LONGEST: usize = 16 * 1024;

/// The scopes of a token: the claim `access`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Scopes(pub(super) Vec<Scope>);

/// A resource with the actions that are allowed on it: `repository:acme/app:pull,push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scope {
    /// The type of the resource: `repository` or `registry`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The name of the resource: a repository, or `catalog` or `admin`.
    pub(super) name: String,
    /// The actions: `pull`, `push`, `delete`, or `*` for all.
    pub(super) actions: Vec<String>,
}

impl Scope {
    /// The scope that an action requires.
    pub(super) fn of(action: Action, repository: Option<&Repository>) -> Self {
        let (kind, name, action) = match (action, repository) {
            (Action::Administer, _) => ("registry", "admin", "*"),
            (Action::Pull | Action::Push | Action::Delete, Some(repository)) => {
                ("repository", repository.as_str(), action.as_str())
            }
            (_, _) => ("registry", "catalog", "*"),
        };
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: vec![action.to_owned()],
        }
    }

    /// The actions that the scope names. Unknown names are ignored.
    pub(super) fn wants(&self) -> Vec<(Action, Option<Repository>)> {
        match (self.kind.as_str(), self.name.as_str()) {
            ("registry", "catalog") => vec![(Action::List, None)],
            ("registry", "admin") => vec![(Action::Administer, None)],
            ("repository", name) => {
                let Ok(repository) = name.parse::<Repository>() else {
                    return Vec::new();
                };
                [Action::Pull, Action::Push, Action::Delete]
                    .into_iter()
                    .filter(|action| self.has(action.as_str()))
                    .map(|action| (action, Some(repository.clone())))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn has(&self, action: &str) -> bool {
        self.actions
            .iter()
            .any(|have| have == action || have == "*")
    }
}

impl Scopes {
    /// The scopes that some actions require, one for each resource.
    pub(super) fn needed(needs: &[(Action, Option<Repository>)]) -> Self {
        let mut scopes = Self::default();
        for (action, repository) in needs {
            scopes.add(Scope::of(*action, repository.as_ref()));
        }
        scopes
    }

    /// Adds a scope; it is merged with the scope of the same resource if there is one.
    pub(super) fn add(&mut self, scope: Scope) {
        let same = |have: &&mut Scope| have.kind == scope.kind && have.name == scope.name;
        match self.0.iter_mut().find(same) {
            Some(have) => {
                for action in scope.actions {
                    if !have.actions.contains(&action) {
                        have.actions.push(action);
                    }
                }
            }
            None => self.0.push(scope),
        }
    }

    /// Whether a token with these scopes allows this.
    pub(super) fn opens(&self, action: Action, repository: Option<&Repository>) -> bool {
        let needed = Scope::of(action, repository);
        self.0.iter().any(|have| {
            have.kind == needed.kind
                && have.name == needed.name
                && needed.actions.iter().all(|action| have.has(action))
        })
    }
}

impl FromStr for Scopes {
    type Err = &'static str;

    /// Parses scopes that are separated by spaces. The class of `resource(class)` types is dropped.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("the scope is too long");
        }
        let mut scopes = Self::default();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            let scope = part.parse()?;
            scopes.add(scope);
            if scopes.0.len() > MOST {
                return Err("there are too many scopes");
            }
        }
        Ok(scopes)
    }
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let wrong = "a scope is type:name:actions";
        let (kind, rest) = text.split_once(':').ok_or(wrong)?;
        // A name may contain a colon (a host with a port), actions may not.
        let (name, actions) = rest.rsplit_once(':').ok_or(wrong)?;
        let kind = kind.split_once('(').map_or(kind, |(kind, _)| kind);
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'-' | b'_'))
        };
        let is_name = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b',');
        if !is_word(kind) || name.is_empty() || !name.bytes().all(is_name) {
            return Err(wrong);
        }
        let mut words: Vec<String> = Vec::new();
        for action in actions.split(',').filter(|action| !action.is_empty()) {
            if !is_word(action) || words.len() >= 16 {
                return Err(wrong);
            }
            if !words.iter().any(|have| have == action) {
                words.push(action.to_owned());
            }
        }
        Ok(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: words,
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}
