//! Checks that no run of equal lines occurs twice.
//!
//! Blank lines, comments, `use` items and lines without a letter or digit are skipped, and white
//! space is ignored.

use std::collections::{BTreeSet, HashMap};

use super::fault::{Check, Fault};
use super::syntax::Lines;

/// Smallest number of equal lines that is a duplicate.
pub(crate) const RUN: usize = 12;

/// One file to check.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// Lines of test code, which is skipped.
    pub(crate) tests: &'a [Lines],
}

/// The lines of a file that are compared.
struct Counted<'a> {
    path: &'a str,
    /// Each line as a number that stands for its text, with its line number.
    lines: Vec<(u32, usize)>,
}

/// Finds all runs that occur twice; each is reported once.
pub(crate) fn check(sources: &[Source<'_>]) -> Vec<Fault> {
    let mut numbers = HashMap::new();
    let files: Vec<Counted<'_>> = sources
        .iter()
        .map(|source| Counted {
            path: source.path,
            lines: counted(source, &mut numbers),
        })
        .collect();
    let mut seen: HashMap<[u32; RUN], (usize, usize)> = HashMap::new();
    let mut faults = Vec::new();
    for (file_at, file) in files.iter().enumerate() {
        let mut at = 0;
        while let Some(window) = window(file, at) {
            let earlier = *seen.entry(window).or_insert((file_at, at));
            let overlaps = earlier.0 == file_at && earlier.1 + RUN > at;
            if overlaps {
                at += 1;
                continue;
            }
            let other = &files[earlier.0];
            let run = common(&other.lines[earlier.1..], &file.lines[at..]);
            faults.push(fault(other, earlier.1, file, at, run));
            at += run;
        }
    }
    faults
}

fn window(file: &Counted<'_>, at: usize) -> Option<[u32; RUN]> {
    let lines = file.lines.get(at..at + RUN)?;
    let mut window = [0; RUN];
    for (place, (number, _)) in window.iter_mut().zip(lines) {
        *place = *number;
    }
    Some(window)
}

fn common(one: &[(u32, usize)], other: &[(u32, usize)]) -> usize {
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one.0 == other.0)
        .count()
}

fn fault(one: &Counted<'_>, one_at: usize, other: &Counted<'_>, at: usize, run: usize) -> Fault {
    let (path, line) = (one.path, one.lines[one_at].1);
    let (first, last) = (other.lines[at].1, other.lines[at + run - 1].1);
    let text = format!("{run} lines up to {last} stand at {path}:{line} too: share them");
    let mut pair = BTreeSet::from([path, other.path]).into_iter();
    let subject = format!(
        "{} = {}",
        pair.next().unwrap_or(path),
        pair.next().unwrap_or(path)
    );
    Fault::new(Check::Duplicates, other.path, first, text).about(subject)
}

/// The lines that are compared, as numbers.
fn counted(source: &Source<'_>, numbers: &mut HashMap<String, u32>) -> Vec<(u32, usize)> {
    let mut found = Vec::new();
    let mut in_use = false;
    for (index, line) in source.text.lines().enumerate() {
        let number = index + 1;
        if source
            .tests
            .iter()
            .any(|test| test.first <= number && number <= test.last)
        {
            continue;
        }
        let line = line.trim();
        in_use |= line.starts_with("use ") || line.starts_with("pub") && line.contains(" use ");
        if in_use {
            in_use = !line.ends_with(';');
            continue;
        }
        if line.starts_with("//") || !line.contains(char::is_alphanumeric) {
            continue;
        }
        let code = line.split(" // ").next().unwrap_or(line);
        let folded = code.split_whitespace().collect::<Vec<_>>().join(" ");
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        found.push((*numbers.entry(folded).or_insert(next), number));
    }
    found
}
