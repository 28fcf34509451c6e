//! Checks that the paths in documents exist.
//!
//! Checked are relative links, and words of code spans and code blocks that begin with a folder of
//! the repository. Words with placeholders (`*`, `<name>`, `$X`) are not paths.

use std::collections::BTreeSet;

use super::fault::{Check, Fault};

/// Folders with which the paths of this repository begin.
const FOLDERS: &[&str] = &[
    "crates/",
    "docs/",
    "tests/",
    "scripts/",
    "xtask/",
    "fuzz/",
    "examples/",
    "packaging/",
];

/// Characters of placeholders, patterns and commands.
const NO_PATH: &[char] = &['*', '<', '>', '{', '}', '$', '@', '=', '(', '…'];

/// Checks one Markdown document against the files of the repository.
pub(crate) fn check(path: &str, text: &str, files: &BTreeSet<String>) -> Vec<Fault> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut faults = Vec::new();
    let mut in_block = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let mut named: Vec<(String, String)> = Vec::new();
        if in_block {
            named.extend(paths(line).map(|word| (word.to_owned(), word.to_owned())));
        } else {
            for span in line.split('`').skip(1).step_by(2) {
                named.extend(paths(span).map(|word| (word.to_owned(), word.to_owned())));
            }
            for link in links(line) {
                named.push((join(folder, link), link.to_owned()));
            }
        }
        for (place, shown) in named {
            if !exists(files, &place) {
                let text = format!("{shown} does not exist: name what took its place");
                faults.push(Fault::new(Check::Documents, path, index + 1, text).about(shown));
            }
        }
    }
    faults
}

/// The words that look like paths of this repository.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    let edges = ['"', '\'', ',', '.', ';', '(', ')'];
    code.split_whitespace()
        .map(move |word| {
            let word = word.trim_matches(edges);
            let word = word.split([':', '#']).next().unwrap_or(word);
            word.trim_matches(edges)
        })
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        .filter(|word| !word.contains(NO_PATH))
}

/// The targets of relative links, without their anchors.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

/// A relative link as a path from the root.
fn join(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a path is a file, or a folder that contains a file.
fn exists(files: &BTreeSet<String>, path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    files.contains(path)
        || files
            .range(folder.clone()..)
            .next()
            .is_some_and(|first| first.starts_with(&folder))
}
