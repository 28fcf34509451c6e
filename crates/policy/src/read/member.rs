//! The members of an object, each taken once, with faults for those of another kind and for those
//! that nobody takes.

use std::collections::BTreeSet;

use lazaret_values::Printable;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::verdict::Verdict;

/// Members of an object.
pub(super) struct Members<'a> {
    object: &'a Map<String, Value>,
    pointer: &'a str,
    known: BTreeSet<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, pointer: &'a str) -> Self {
        let known = BTreeSet::new();
        Self {
            object,
            pointer,
            known,
        }
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.object.get(name)
    }

    pub(super) fn text(&mut self, name: &'static str, faults: &mut Vec<Fault>) -> Option<&'a str> {
        let value = self.take(name)?;
        let text = value.as_str();
        if text.is_none() {
            faults.push(self.fault(name, "expected text"));
        }
        text
    }

    pub(super) fn flag(&mut self, name: &'static str, faults: &mut Vec<Fault>) -> Option<bool> {
        let value = self.take(name)?;
        let flag = value.as_bool();
        if flag.is_none() {
            faults.push(self.fault(name, "expected true or false"));
        }
        flag
    }

    pub(super) fn list(
        &mut self,
        name: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<&'a [Value]> {
        let value = self.take(name)?;
        let list = value.as_array();
        if list.is_none() {
            faults.push(self.fault(name, "expected a list"));
        }
        list.map(Vec::as_slice)
    }

    pub(super) fn texts(&mut self, name: &'static str, faults: &mut Vec<Fault>) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, value) in self.list(name, faults).into_iter().flatten().enumerate() {
            match value.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => {
                    let pointer = child(&child(self.pointer, name), &index.to_string());
                    faults.push(Fault::new(pointer, "expected text"));
                }
            }
        }
        texts
    }

    pub(super) fn verdict(
        &mut self,
        name: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<Verdict> {
        let verdict = self.text(name, faults)?;
        let known = Verdict::of(verdict);
        if known.is_none() {
            let text = Printable::excerpt(verdict);
            faults.push(self.fault(name, &format!("'{text}': expected allow, ask or deny")));
        }
        known
    }

    /// Adds a fault for a member that has to be there and is not.
    pub(super) fn require(&self, name: &'static str, faults: &mut Vec<Fault>) {
        if !self.object.contains_key(name) {
            faults.push(self.fault(name, &format!("'{name}' is missing")));
        }
    }

    /// Adds a fault for each member that nobody has taken: it would have no effect.
    pub(super) fn refuse_others(self, faults: &mut Vec<Fault>) {
        let known: Vec<&str> = self.known.iter().copied().collect();
        let others = self.object.keys();
        for name in others.filter(|name| !self.known.contains(name.as_str())) {
            let text = Printable::excerpt(name);
            let message = format!(
                "unknown member '{text}': expected one of {}",
                known.join(", ")
            );
            faults.push(Fault::new(child(self.pointer, name), message));
        }
    }

    pub(super) fn fault(&self, name: &str, message: &str) -> Fault {
        Fault::new(child(self.pointer, name), message)
    }
}

/// `parent` extended by one reference token (RFC 6901, section 4).
pub(super) fn child(parent: &str, token: &str) -> String {
    format!("{parent}/{}", token.replace('~', "~0").replace('/', "~1"))
}
