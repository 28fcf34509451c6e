//! Tests each check on small invented trees that contain a fault.

mod arrows;
mod crates;
mod docs;
mod exceptions;
mod files;

use super::fault::Fault;
use super::modules::Sources;
use super::syntax;

/// Parses invented files.
fn sources(files: &[(&str, &str)]) -> Sources {
    let read = |(path, text): &(&str, &str)| ((*path).to_owned(), syntax::read(text).unwrap());
    files.iter().map(read).collect()
}

/// Asserts that there is exactly one fault, at this place and with these words.
#[track_caller]
fn assert_one(faults: &[Fault], place: &str, words: &str) {
    let shown: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert_eq!(shown.len(), 1, "{shown:#?}");
    assert!(shown[0].starts_with(place), "{}", shown[0]);
    assert!(shown[0].contains(words), "{}", shown[0]);
}

/// Asserts that there are no faults.
#[track_caller]
fn assert_none(faults: &[Fault]) {
    let shown: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}
