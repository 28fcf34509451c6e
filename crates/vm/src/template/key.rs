//! The identity of a template.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Version of the files of a template, and of the way in which machines are saved and restored.
pub(crate) const FORMAT: u32 = 1;

/// The names of the fields that are files.
const FILES: [&str; 3] = ["QEMU", "kernel", "initramfs"];

/// Everything on which a template depends, by name.
pub(crate) type Fields = BTreeMap<String, String>;

/// The identity of a template: machines with equal keys can be started from one template.
/// [`crate::Qemu::template_key`] makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateKey(Fields);

impl TemplateKey {
    pub(crate) fn new(fields: Fields) -> Self {
        Self(fields)
    }

    /// A name for the template: 64 hexadecimal digits, different for different keys.
    #[must_use]
    pub fn name(&self) -> String {
        let text = serde_json::to_vec(&self.0).expect("a map of strings serializes");
        lazaret_values::hex(digest(&SHA256, &text).as_ref())
    }

    /// The first difference from the key of a machine, in words.
    pub(super) fn difference(&self, wanted: &Self) -> Option<String> {
        self.difference_in(wanted, |_| true)
    }

    /// The first difference from the key of a machine of another host, in words. Where files are and
    /// when they were changed does not count: the caller compares what is in them.
    #[must_use]
    pub fn difference_elsewhere(&self, wanted: &Self) -> Option<String> {
        self.difference_in(wanted, |name| !FILES.contains(&name))
    }

    fn difference_in(&self, wanted: &Self, counts: impl Fn(&str) -> bool) -> Option<String> {
        let names = self.0.keys().chain(wanted.0.keys());
        let none = String::from("nothing");
        for name in names.filter(|name| counts(name)) {
            let ours = self.0.get(name).unwrap_or(&none);
            let theirs = wanted.0.get(name).unwrap_or(&none);
            if ours != theirs {
                return Some(format!(
                    "its {name} is `{ours}`, that of the machine is `{theirs}`"
                ));
            }
        }
        None
    }
}
