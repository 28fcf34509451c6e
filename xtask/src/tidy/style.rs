//! Checks that all modules have one style: a module with children is `name.rs` beside its folder
//! `name/`.
//!
//! With the other style, `name/mod.rs`, an editor shows many files of the same name, and a module
//! has to be moved when it gets its first child or its tests.

use super::fault::{Check, Fault};

/// Checks the path of one source file.
pub(crate) fn check(path: &str) -> Option<Fault> {
    let folder = path.strip_suffix("/mod.rs")?;
    let text = format!("move it to {folder}.rs (git mv {path} {folder}.rs)");
    Some(Fault::new(Check::ModuleStyle, path, 0, text))
}
