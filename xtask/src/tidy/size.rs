//! Checks that source files are short: a file that is too long should be split.

use super::fault::{Check, Fault};

/// Largest number of lines of a source file.
pub(crate) const MAX_LINES: usize = 500;

/// Checks one source file.
pub(crate) fn check(path: &str, text: &str) -> Option<Fault> {
    let lines = text.lines().count();
    (lines > MAX_LINES).then(|| {
        let text = format!("{lines} lines; split it (limit {MAX_LINES})");
        Fault::new(Check::Size, path, 0, text)
    })
}
