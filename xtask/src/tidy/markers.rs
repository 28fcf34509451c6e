//! No marker of unfinished work: what is left to do stands in an issue.

use super::fault::{Check, Fault};

/// The markers, spelt in two halves so that this file does not accuse itself.
const MARKERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

/// Checks one source file.
pub(crate) fn check(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for marker in MARKERS.iter().filter(|marker| line.contains(**marker)) {
            let text = format!("stray {marker}: finish it or file it");
            faults.push(Fault::new(Check::Markers, path, index + 1, text));
        }
    }
    faults
}
