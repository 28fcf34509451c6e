//! Finds the modules of a crate, from its root file down, and the file of each.

use std::collections::{BTreeMap, BTreeSet};

use super::syntax::{Scope, Syntax};

/// The facts of every Rust file, by path.
pub(crate) type Sources = BTreeMap<String, Syntax>;

/// The names that lead from the crate root to a module.
pub(crate) type ModulePath = Vec<String>;

/// The modules of one crate root.
pub(crate) struct Modules<'a> {
    /// All modules outside tests.
    pub(crate) all: BTreeMap<ModulePath, Module<'a>>,
    /// Files that only test modules use.
    pub(crate) test_files: BTreeSet<String>,
}

/// One module.
pub(crate) struct Module<'a> {
    /// The file that contains it.
    pub(crate) file: &'a str,
    /// What it declares, defines, imports and mentions.
    pub(crate) scope: &'a Scope,
}

impl<'a> Modules<'a> {
    /// Follows the `mod` items from `root`, a `lib.rs` or `main.rs`.
    pub(crate) fn read(root: &str, sources: &'a Sources) -> Self {
        let mut modules = Self {
            all: BTreeMap::new(),
            test_files: BTreeSet::new(),
        };
        modules.follow(root, Vec::new(), false, sources);
        modules
    }

    fn follow(&mut self, path: &str, names: ModulePath, test: bool, sources: &'a Sources) {
        let Some((file, syntax)) = sources.get_key_value(path) else {
            return;
        };
        if test {
            self.test_files.insert(file.clone());
        }
        for scope in &syntax.scopes {
            let mut names = names.clone();
            names.extend(scope.path.iter().cloned());
            let folder = folder_of_children(file, &scope.path, names.is_empty());
            for (child, child_test) in &scope.children {
                let mut names = names.clone();
                names.push(child.clone());
                let test = test || *child_test;
                for place in [
                    format!("{folder}/{child}.rs"),
                    format!("{folder}/{child}/mod.rs"),
                ] {
                    self.follow(&place, names.clone(), test, sources);
                }
            }
            if !test {
                self.all.insert(names, Module { file, scope });
            }
        }
    }
}

/// The folder with the files of a module's children.
fn folder_of_children(file: &str, braces: &[String], is_root: bool) -> String {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let mut children = folder.to_owned();
    let own = is_root || stem == "mod" || ["lib", "main"].contains(&stem);
    if !own {
        children = format!("{children}/{stem}");
    }
    for name in braces {
        children = format!("{children}/{name}");
    }
    children
}
