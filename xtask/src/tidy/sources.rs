//! Runs the checks that read Rust code: parses every file once, and gives the facts to each check.

use std::collections::BTreeSet;

use super::arrows::arrows;
use super::duplicates::{self, Source};
use super::fault::{Check, Fault};
use super::modules::{Modules, Sources};
use super::repository::Repository;
use super::{circles, errors, exceptions, sibling_tests, syntax, units, upward};

/// Runs the checks; `cut` has the arrows that the check of circles ignores.
pub(crate) fn check(repository: &Repository, cut: &[&str]) -> Vec<Fault> {
    let (sources, mut faults) = parse(repository);
    let mut test_files: BTreeSet<String> = sources
        .keys()
        .filter(|path| is_test_path(path))
        .cloned()
        .collect();
    let mut idle = cut.to_vec();
    for member in &repository.members {
        for root in ["lib.rs", "main.rs"] {
            let modules = Modules::read(&format!("{}/src/{root}", member.folder), &sources);
            let arrows = arrows(&modules);
            idle.retain(|subject| !arrows.iter().any(|arrow| arrow.subject() == *subject));
            faults.extend(upward::check(&arrows));
            faults.extend(circles::check(&arrows, cut));
            test_files.extend(modules.test_files);
        }
    }
    for subject in idle {
        let text = format!("there is no arrow {subject}: remove the exception");
        faults.push(Fault::new(Check::Circle, exceptions::PATH, 0, text));
    }
    let code = || {
        sources
            .iter()
            .filter(|(path, _)| !test_files.contains(*path))
    };
    for (path, syntax) in code() {
        faults.extend(sibling_tests::check(path, syntax));
        faults.extend(errors::check(path, syntax));
        faults.extend(units::check(path, syntax));
    }
    let texts = code().map(|(path, syntax)| Source {
        path,
        text: &repository.texts[path],
        tests: &syntax.test_lines,
    });
    faults.extend(duplicates::check(&texts.collect::<Vec<_>>()));
    faults
}

/// Whether a file is a test by its path alone.
fn is_test_path(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Parses the Rust files, on two threads.
fn parse(repository: &Repository) -> (Sources, Vec<Fault>) {
    let files: Vec<(&str, &str)> = repository.of_kind("rs").collect();
    let read = |half: usize| {
        let mine = files.iter().skip(half).step_by(2);
        mine.map(|(path, text)| (*path, syntax::read(text)))
            .collect::<Vec<_>>()
    };
    let parsed = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(1));
        let mut parsed = read(0);
        parsed.extend(other.join().unwrap_or_default());
        parsed
    });
    let mut sources = Sources::new();
    let mut faults = Vec::new();
    for (path, syntax) in parsed {
        match syntax {
            Ok(syntax) => {
                sources.insert(path.to_owned(), syntax);
            }
            Err((line, text)) => faults.push(Fault::new(Check::ModuleStyle, path, line, text)),
        }
    }
    (sources, faults)
}
