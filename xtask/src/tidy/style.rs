//! One style of modules: a module with children is `name.rs` beside its folder `name/`.
//!
//! The other style, `name/mod.rs`, fills an editor with files of one name, and a module that
//! gets its first child or its tests has to move.

use super::fault::{Check, Fault};

/// Checks the path of one source file.
pub(crate) fn check(path: &str) -> Option<Fault> {
    let folder = path.strip_suffix("/mod.rs")?;
    let text = format!("move it to {folder}.rs (git mv {path} {folder}.rs)");
    Some(Fault::new(Check::ModuleStyle, path, 0, text))
}
