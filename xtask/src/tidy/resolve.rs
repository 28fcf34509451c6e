//! Finds the module that defines the item of a path, through imports and re-exports.

use super::modules::{ModulePath, Modules};

/// Largest number of imports that are followed from a name to its definition.
const MAX_STEPS: usize = 16;

/// The target of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module itself.
    Module(ModulePath),
    /// An item that this module defines.
    Item(ModulePath),
}

/// Resolves a path in the code of the module `from`; `None` for items of other crates.
pub(crate) fn resolve(modules: &Modules<'_>, from: &[String], path: &[String]) -> Option<Target> {
    follow(modules, from, path, MAX_STEPS)
}

fn follow(modules: &Modules<'_>, from: &[String], path: &[String], steps: usize) -> Option<Target> {
    let mut at = from.to_vec();
    let mut rest = path;
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
            }
            _ => break,
        }
        rest = others;
    }
    within(modules, at, rest, steps)
}

/// Resolves the names `rest` in the module `at`.
fn within(modules: &Modules<'_>, at: ModulePath, rest: &[String], steps: usize) -> Option<Target> {
    let module = modules.all.get(&at)?;
    let Some((first, others)) = rest.split_first() else {
        return Some(Target::Module(at));
    };
    let steps = steps.checked_sub(1)?;
    let mut child = at.clone();
    child.push(first.clone());
    let is_item = module.scope.items.contains(first);
    if modules.all.contains_key(&child) && !(is_item && others.is_empty()) {
        return within(modules, child, others, steps);
    }
    if is_item {
        return Some(Target::Item(at));
    }
    let named = |name: &Option<String>| name.as_ref() == Some(first);
    for import in module
        .scope
        .imports
        .iter()
        .filter(|import| named(&import.name))
    {
        match follow(modules, &at, &import.path, steps) {
            Some(Target::Module(found)) => return within(modules, found, others, steps),
            Some(found) => return Some(found),
            None => {}
        }
    }
    for import in module
        .scope
        .imports
        .iter()
        .filter(|import| import.name.is_none())
    {
        match follow(modules, &at, &import.path, steps) {
            Some(Target::Module(found)) if found != at => {
                if let Some(found) = within(modules, found, rest, steps) {
                    return Some(found);
                }
            }
            Some(Target::Item(found)) if found == at => return Some(Target::Item(at)),
            _ => {}
        }
    }
    None
}
