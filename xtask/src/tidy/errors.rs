//! Checks that the doc comment of a public function that returns `Result` says when it fails.

use super::fault::{Check, Fault};
use super::syntax::Syntax;

/// The heading of the section.
const HEADING: &str = "# Errors";

/// Checks one source file that is not a test.
pub(crate) fn check(path: &str, syntax: &Syntax) -> Vec<Fault> {
    let mut faults = Vec::new();
    for function in syntax.functions.iter().filter(|function| function.fails) {
        if !says_when(&function.doc) {
            let name = &function.name;
            let text =
                format!("{name} returns Result: add a section `{HEADING}` that says when it fails");
            faults.push(Fault::new(Check::Errors, path, function.line, text));
        }
    }
    faults
}

/// Whether the doc comment has the section, and the section is not empty.
fn says_when(doc: &str) -> bool {
    let mut lines = doc
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != HEADING)
        .skip(1);
    lines
        .find(|line| !line.is_empty())
        .is_some_and(|line| !line.starts_with('#'))
}
