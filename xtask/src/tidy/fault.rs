//! The faults that checks find: the place, and the advice.

use std::fmt;

/// The checks, by the names that exceptions use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The crate table of ARCHITECTURE.md agrees with the manifests of the crates.
    CrateTable,
    /// Pure crates ban input and output.
    Purity,
    /// No file imports what a module above it defines.
    Upward,
    /// Sibling modules do not import each other in a circle.
    Circle,
    /// Modules with children are `name.rs`.
    ModuleStyle,
    /// Tests are in a sibling `tests.rs`.
    SiblingTests,
    /// Source files are short.
    Size,
    /// Public functions that return `Result` say when they fail.
    Errors,
    /// Public quantities name their unit.
    Units,
    /// Paths in documents exist.
    Documents,
    /// No run of equal lines occurs twice.
    Duplicates,
    /// No marker of unfinished work.
    Markers,
}

/// One fault.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The check that found it.
    pub(crate) check: Check,
    /// Path of the file from the root of the repository.
    pub(crate) path: String,
    /// Line, from 1; 0 for the whole file.
    pub(crate) line: usize,
    /// The message: what is wrong, and the advice.
    pub(crate) text: String,
    /// The name by which an exception refers to the fault; it has no line number.
    pub(crate) subject: String,
}

impl Fault {
    /// Makes a fault whose subject is its file.
    pub(crate) fn new(check: Check, path: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            check,
            path: path.to_owned(),
            line,
            text: text.into(),
            subject: path.to_owned(),
        }
    }

    /// Changes the subject, by which exceptions refer to the fault.
    pub(crate) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.text),
            line => write!(f, "{}:{line}: {}", self.path, self.text),
        }
    }
}
