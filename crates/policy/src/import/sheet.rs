//! The rules of a policy that is read, and what is left out of it.

use lazaret_values::Printable;
use serde_json::{Map, Value};

use crate::compiled::Compiled;
use crate::document::{Document, Layer, Rule};
use crate::verdict::Verdict;

/// Most lines about what is left out.
const MOST_LINES: usize = 1000;

/// Rules, and lines about what is none.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) rules: Vec<Rule>,
    pub(super) left_out: Vec<String>,
}

impl Sheet {
    /// Adds a rule about a host, which may have a port; one that cannot be written is left out.
    pub(super) fn add(&mut self, place: &str, verdict: Verdict, host: &str) {
        let (pattern, port) = split_port(host);
        let rule = Rule {
            ports: port.map(Value::from).into_iter().collect(),
            ..rule(verdict, pattern)
        };
        self.add_rule(place, rule);
    }

    /// Adds a rule; one that cannot be written is left out.
    pub(super) fn add_rule(&mut self, place: &str, rule: Rule) {
        match Compiled::new((0, 0), Layer::Policy, &rule) {
            Ok(_) => self.rules.push(rule),
            Err(faults) => {
                for fault in faults {
                    self.leave(place, &fault.to_string());
                }
            }
        }
    }

    /// Tells of something that is left out.
    pub(super) fn leave(&mut self, place: &str, reason: &str) {
        if self.left_out.len() < MOST_LINES {
            let line = format!("{place}: {reason}");
            self.left_out.push(Printable::excerpt(&line));
        }
    }

    /// Tells of the members of an object that are not among those that are read.
    pub(super) fn leave_others(&mut self, place: &str, object: &Map<String, Value>, read: &[&str]) {
        for name in object.keys().filter(|name| !read.contains(&name.as_str())) {
            let place = match place {
                "" => name.clone(),
                place => format!("{place}.{name}"),
            };
            self.leave(&place, "has no place in a policy here");
        }
    }

    /// Each text of a list; what is none is left out.
    pub(super) fn texts<'a>(&mut self, place: &str, list: Option<&'a Value>) -> Vec<&'a str> {
        let mut texts = Vec::new();
        let Some(list) = list else { return texts };
        let Some(items) = list.as_array() else {
            self.leave(place, "is no list");
            return texts;
        };
        for item in items {
            match item.as_str() {
                Some(text) => texts.push(text),
                None => self.leave(place, "has something that is no text"),
            }
        }
        texts
    }

    pub(super) fn finish(self, origin: &str, default: Verdict) -> (Document, Vec<String>) {
        let document = Document {
            origin: origin.to_owned(),
            layer: Layer::Policy,
            default: Some(default),
            rules: self.rules,
        };
        (document, self.left_out)
    }
}

/// A rule about all of a host.
pub(super) fn rule(verdict: Verdict, pattern: &str) -> Rule {
    Rule {
        pattern: pattern.to_owned(),
        ports: Vec::new(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict,
        tls_terminate: None,
        description: None,
    }
}

/// `HOST:PORT` in its parts. An IPv6 address with a port is in brackets.
pub(super) fn split_port(text: &str) -> (&str, Option<u16>) {
    match text.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}
