//! Checks everything that ARCHITECTURE.md and CONTRIBUTING.md promise about the tree and that a
//! program can check.
//!
//! Each check is a function over plain values in a file of its own; this file reads the repository
//! and calls them. Checks of rustc and clippy are not repeated here.

mod architecture;
mod arrows;
mod circles;
mod crate_table;
mod documents;
mod duplicates;
mod errors;
mod exceptions;
mod fault;
mod markers;
mod modules;
mod purity;
mod repository;
mod resolve;
mod sibling_tests;
mod size;
mod sources;
mod style;
mod syntax;
#[cfg(test)]
mod tests;
mod units;
mod upward;

use fault::Fault;
use repository::Repository;

/// Runs all checks.
///
/// # Errors
/// The faults, or the reason that the repository could not be read.
pub(crate) fn run() -> Result<String, Vec<String>> {
    let repository = Repository::read()?;
    let mut faults = crates(&repository);
    faults.extend(files(&repository));
    faults.extend(sources::check(&repository, &exceptions::cut_arrows()));
    let mut faults = exceptions::settle(faults, exceptions::EXCEPTIONS);
    faults.sort_by(|one, other| {
        (one.check, &one.path, one.line).cmp(&(other.check, &other.path, other.line))
    });
    if faults.is_empty() {
        Ok(summary(&repository))
    } else {
        Err(faults.iter().map(Fault::to_string).collect())
    }
}

/// Runs the checks of crates against ARCHITECTURE.md.
fn crates(repository: &Repository) -> Vec<Fault> {
    let read = |path: &str| repository.texts.get(path).cloned();
    let text = read(architecture::PATH).unwrap_or_default();
    let members = &repository.members;
    let mut faults = crate_table::check(&architecture::crate_table(&text), members);
    faults.extend(crate_table::check_engines(&text, members));
    faults.extend(purity::check(&text, members, read));
    faults
}

/// Runs the checks that look at one file at a time, as text.
fn files(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for kind in ["rs", "sh", "py"] {
        for (path, text) in repository.of_kind(kind) {
            faults.extend(size::check(path, text));
            faults.extend(markers::check(path, text));
        }
    }
    for (path, _) in repository.of_kind("rs") {
        faults.extend(style::check(path));
    }
    for (path, text) in repository.of_kind("md") {
        faults.extend(documents::check(path, text, &repository.files));
    }
    faults
}

fn summary(repository: &Repository) -> String {
    let sources = repository.of_kind("rs").chain(repository.of_kind("sh"));
    let mut sizes: Vec<usize> = sources.map(|(_, text)| text.lines().count()).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    let lines: usize = sizes.iter().sum();
    format!(
        "{} source files, {lines} lines, median {median}",
        sizes.len()
    )
}
