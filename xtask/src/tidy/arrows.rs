//! Finds the arrows between the files of a crate: which file uses something that another file
//! defines.
//!
//! An arrow leads to the file that *defines* what is used. Re-exports are followed, so
//! `crate::Error` is an arrow to `error.rs` and not to `lib.rs`. Test code makes no arrows.

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
    /// The file of the module that uses it.
    pub(crate) from_file: &'a str,
    pub(crate) to_file: &'a str,
    /// Line of the first use.
    pub(crate) line: usize,
    /// The first thing that is used, as spelt in the code.
    pub(crate) spelling: String,
}

impl Arrow<'_> {
    /// The name by which exceptions refer to it.
    pub(crate) fn subject(&self) -> String {
        format!("{} -> {}", self.from_file, self.to_file)
    }

    /// Whether it leads to a module that contains its own module.
    pub(crate) fn is_upward(&self) -> bool {
        self.to.len() < self.from.len() && self.from.starts_with(&self.to)
    }
}

/// Finds the arrows between different files, one for each pair of modules.
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
            // A module's own name is not a use of what it defines when the module is above.
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
