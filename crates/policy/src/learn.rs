//! A policy for what was reached: the least general rules that let it through.

use std::collections::{BTreeMap, BTreeSet};

use crate::compiled::Compiled;
use crate::document::{Document, Layer, Rule};
use crate::path::RequestPath;
use crate::verdict::Verdict;

/// Most patterns of paths that a rule gets; where more were seen, paths are not restricted.
const MOST_PATHS: usize = 4;

/// Something that was reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reached {
    /// The name, or the address where there was none.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The method, where the request was seen.
    pub method: Option<String>,
    /// The path without the query, where the request was seen.
    pub path: Option<String>,
}

/// What is said of the requests to a host.
type Limits = (Vec<String>, Vec<String>);

/// Makes the policy that allows what was reached, and denies the rest: for each host its ports, the
/// methods that were seen, and the beginnings of paths where they were few. What cannot be written
/// as a rule, such as a method in lower case, is left out.
#[must_use]
pub fn learn(reached: &[Reached]) -> Document {
    let mut seen: BTreeMap<(&str, u16), Vec<&Reached>> = BTreeMap::new();
    for one in reached {
        seen.entry((&one.host, one.port)).or_default().push(one);
    }
    let mut ports: BTreeMap<(&str, Limits), BTreeSet<u16>> = BTreeMap::new();
    for ((host, port), of_port) in seen {
        for limits in limits(&of_port) {
            ports.entry((host, limits)).or_default().insert(port);
        }
    }
    let rules = ports
        .into_iter()
        .map(|((host, (methods, paths)), ports)| Rule {
            pattern: host.to_owned(),
            ports: ports.into_iter().map(Into::into).collect(),
            methods,
            paths,
            verdict: Verdict::Allow,
            tls_terminate: None,
            description: None,
        });
    let is_good = |rule: &Rule| Compiled::new((0, 0), Layer::Policy, rule).is_ok();
    Document {
        origin: "learned".to_owned(),
        layer: Layer::Policy,
        default: Some(Verdict::Deny),
        rules: rules.filter(is_good).collect(),
    }
}

/// The limits that let through what was seen at a port; methods with the same paths share theirs.
fn limits(reached: &[&Reached]) -> Vec<Limits> {
    let mut by_method: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for one in reached {
        let Some(method) = &one.method else {
            // A connection that nobody looked into.
            return vec![(Vec::new(), Vec::new())];
        };
        by_method
            .entry(method)
            .or_default()
            .insert(one.path.as_deref());
    }
    let mut by_paths: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (method, seen) in by_method {
        let methods = by_paths.entry(patterns(&seen)).or_default();
        methods.push(method.to_owned());
    }
    by_paths
        .into_iter()
        .map(|(paths, methods)| (methods, paths))
        .collect()
}

/// The beginnings of paths: the first segment and what is below it. Empty where they are many, or one
/// of them is not seen or not canonical.
fn patterns(seen: &BTreeSet<Option<&str>>) -> Vec<String> {
    let pattern = |path: &Option<&str>| {
        let path = path.as_ref()?;
        RequestPath::new(path).canonical()?;
        let literal = |text: &str| text.replace('*', "%2A");
        Some(match path[1..].split_once('/') {
            Some((first, _)) => format!("/{}/**", literal(first)),
            None => literal(path),
        })
    };
    let patterns: Option<BTreeSet<String>> = seen.iter().map(pattern).collect();
    let few = patterns.filter(|patterns| patterns.len() <= MOST_PATHS);
    few.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
