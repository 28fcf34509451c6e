//! The arrows between the files of a crate: who uses what another file defines.
//!
//! An arrow goes to the file that *defines* what is used: re-exports are seen through, so
//! `crate::Error` is an arrow to `error.rs` and none to `lib.rs`. Test code draws no arrows.

use std::collections::BTreeMap;

use super::modules::{ModulePath, Modules};
use super::resolve::{Target, resolve};

/// One arrow.
#[derive(Debug)]
pub(crate) struct Arrow<'a> {
    /// The module that uses something.
    pub(crate) from: &'a ModulePath,
    /// The module that defines it.
    pub(crate) to: ModulePath,
    /// Files of both.
    pub(crate) from_file: &'a str,
    pub(crate) to_file: &'a str,
    /// Where the first use stands.
    pub(crate) line: usize,
    /// The first thing used, as the code spells it.
    pub(crate) spelling: String,
}

impl Arrow<'_> {
    /// The name by which exceptions refer to it.
    pub(crate) fn subject(&self) -> String {
        format!("{} -> {}", self.from_file, self.to_file)
    }

    /// Whether it goes to a module that its own module stands in.
    pub(crate) fn is_upward(&self) -> bool {
        self.to.len() < self.from.len() && self.from.starts_with(&self.to)
    }
}

/// The arrows between different files, one for each pair of modules.
pub(crate) fn arrows<'a>(modules: &'a Modules<'a>) -> Vec<Arrow<'a>> {
    let mut found: BTreeMap<(&ModulePath, ModulePath), Arrow<'a>> = BTreeMap::new();
    for (from, module) in &modules.all {
        let imports = module
            .scope
            .imports
            .iter()
            .map(|import| (&import.path, import.line));
        let mentions = module
            .scope
            .mentions
            .iter()
            .map(|mention| (&mention.path, mention.line));
        for (path, line) in imports.chain(mentions) {
            // A module's own name is no use of what it defines when the module is above.
            let to = match resolve(modules, from, path) {
                Some(Target::Module(to)) if !from.starts_with(&to) => to,
                Some(Target::Item(to)) => to,
                _ => continue,
            };
            let to_file = modules.all[&to].file;
            if to_file == module.file {
                continue;
            }
            let arrow = Arrow {
                from,
                to: to.clone(),
                from_file: module.file,
                to_file,
                line,
                spelling: path.join("::"),
            };
            found.entry((from, to)).or_insert(arrow);
        }
    }
    found.into_values().collect()
}
