//! Checks that tests are in files of their own: `mod tests;` in the module, and `tests.rs` in its
//! folder.

use super::fault::{Check, Fault};
use super::syntax::Syntax;

/// Checks one source file that is not a test.
pub(crate) fn check(path: &str, syntax: &Syntax) -> Vec<Fault> {
    let folder = match path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder,
        _ => path.strip_suffix(".rs").unwrap_or(path),
    };
    let fault = |line: &usize| {
        let text = format!("tests among the code: move them to {folder}/tests.rs");
        Fault::new(Check::SiblingTests, path, *line, text)
    };
    syntax
        .inline_tests
        .iter()
        .chain(&syntax.loose_tests)
        .map(fault)
        .collect()
}
