//! Checks that there are no markers of unfinished work: open work belongs in issues.

use super::fault::{Check, Fault};

/// The markers, written in two halves so that this file does not contain them.
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
