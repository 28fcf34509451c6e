//! Which of several rules decides, and what the rules of a target can decide at all.
//!
//! A rule that denies wins. Then come answers of persons, then the rule that names the request more
//! exactly: by its host, then by how many of ports, methods and paths it restricts. Of equal ones a
//! rule that asks wins.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::compiled::{Asked, Compiled};
use crate::document::Layer;
use crate::verdict::Verdict;

/// Most methods, and most rules with paths, of one target that are compared with each other; with
/// more of them, each request is looked at.
const MOST_COMPARED: usize = 64;

/// The rule that decides; `None` if none of them is about what is asked.
pub(crate) fn decide<'a>(
    rules: impl Iterator<Item = &'a Compiled>,
    asked: Asked<'_>,
) -> Option<&'a Compiled> {
    rules
        .filter(|rule| rule.is_about(asked))
        .max_by_key(|rule| standing(rule))
}

/// What makes a rule win; unique for each rule.
fn standing(rule: &Compiled) -> impl Ord + use<> {
    // Between equals, the one that is looked into, and then the first.
    let looks = match rule.tls_terminate {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    };
    (strength(rule), looks, Reverse((rule.document, rule.number)))
}

/// What makes a rule win over one with another verdict.
fn strength(rule: &Compiled) -> impl Ord + use<> {
    (
        rule.verdict == Verdict::Deny,
        rule.layer == Layer::Answers,
        exactness(rule),
        rule.verdict == Verdict::Ask,
    )
}

/// How exactly a rule names what it is about.
pub(crate) fn exactness(rule: &Compiled) -> (u16, u8) {
    (rule.host.exactness(), rule.restrictions())
}

/// What the requests to a target can come to. It may say too much, never too little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    denied: bool,
    /// A person is asked about a request.
    asked: bool,
    /// A person is asked about a connection.
    asked_once: bool,
    passed: bool,
    /// It passes, and is looked into because the rule says so.
    looked_into: bool,
}

impl Outcomes {
    /// Those of a target with these rules; `default` is the verdict without one.
    pub(crate) fn of(rules: &[&Compiled], default: Verdict) -> Self {
        let mut outcomes = Self::default();
        let whole = decide(rules.iter().copied(), Asked::Connection);
        outcomes.add_of(whole, default);
        let named: BTreeSet<&str> = rules
            .iter()
            .flat_map(|rule| rule.methods())
            .map(String::as_str)
            .collect();
        if named.len() > MOST_COMPARED {
            return Self::anything();
        }
        // The empty method stands for those that no rule names.
        for method in named.into_iter().chain([""]) {
            let about = rules.iter().filter(|rule| rule.has_method(method));
            let (free, bound): (Vec<&Compiled>, _) =
                about.copied().partition(|rule| rule.paths.is_none());
            outcomes.add_request(&free, &bound, default);
        }
        outcomes
    }

    /// Adds those of the requests with one method: `free` rules are about each path, `bound` ones
    /// about some.
    fn add_request(&mut self, free: &[&Compiled], bound: &[&Compiled], default: Verdict) {
        let winner = free.iter().copied().max_by_key(|rule| standing(rule));
        let is_deny = |rule: &Compiled| rule.verdict == Verdict::Deny;
        let is_closed = bound.iter().any(|rule| {
            let paths = rule.paths.iter().flatten();
            is_deny(rule) && paths.into_iter().any(|path| path.is_everything())
        });
        if is_closed || winner.is_some_and(is_deny) {
            self.denied = true;
            return;
        }
        // A path that is not canonical satisfies none of the bound rules that do not deny.
        self.add_of(winner, default);
        for rule in bound {
            let loses = |to: &Compiled| strength(to) > strength(rule);
            let is_lost = winner.is_some_and(loses) || is_covered(rule, bound);
            if is_deny(rule) || !is_lost {
                self.add_of(Some(rule), default);
            }
        }
    }

    fn add_of(&mut self, rule: Option<&Compiled>, default: Verdict) {
        let verdict = rule.map_or(default, |rule| rule.verdict);
        match (verdict, rule.and_then(|rule| rule.tls_terminate)) {
            (Verdict::Deny, _) => self.denied = true,
            (Verdict::Ask, Some(false)) => self.asked_once = true,
            (Verdict::Ask, _) => self.asked = true,
            (Verdict::Allow, Some(true)) => self.looked_into = true,
            (Verdict::Allow, _) => self.passed = true,
        }
    }

    const fn anything() -> Self {
        Self {
            denied: true,
            asked: true,
            asked_once: true,
            passed: true,
            looked_into: true,
        }
    }

    /// Whether nothing but this can come out.
    pub(crate) fn only(self) -> Option<Only> {
        match self {
            Self {
                denied: true,
                asked: false,
                asked_once: false,
                passed: false,
                looked_into: false,
            } => Some(Only::Denied),
            Self {
                denied: false,
                asked: false,
                asked_once: false,
                passed: true,
                looked_into: false,
            } => Some(Only::Passed),
            Self {
                denied: false,
                asked: false,
                asked_once: true,
                passed: false,
                looked_into: false,
            } => Some(Only::AskedOnce),
            _ => None,
        }
    }

    /// The strictest verdict among them.
    pub(crate) fn strictest(self) -> Verdict {
        match self {
            Self { denied: true, .. } => Verdict::Deny,
            Self { asked: true, .. }
            | Self {
                asked_once: true, ..
            } => Verdict::Ask,
            _ => Verdict::Allow,
        }
    }

    /// The laxest verdict among them.
    pub(crate) fn laxest(self) -> Verdict {
        match self {
            Self { passed: true, .. }
            | Self {
                looked_into: true, ..
            } => Verdict::Allow,
            Self { asked: true, .. }
            | Self {
                asked_once: true, ..
            } => Verdict::Ask,
            _ => Verdict::Deny,
        }
    }
}

/// The one thing that can come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Denied,
    Passed,
    AskedOnce,
}

/// Whether stronger rules are about each path that a rule is about.
fn is_covered(rule: &Compiled, others: &[&Compiled]) -> bool {
    if others.len() > MOST_COMPARED {
        return false;
    }
    let stronger = others
        .iter()
        .filter(|other| strength(other) > strength(rule));
    let stronger: Vec<_> = stronger
        .flat_map(|other| other.paths.iter().flatten())
        .collect();
    let mut own = rule.paths.iter().flatten();
    own.all(|path| stronger.iter().any(|other| other.covers(path)))
}
