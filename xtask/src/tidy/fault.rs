//! What a check found: where, and what to do about it.

use std::fmt;

/// The checks, as exceptions name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The crate table of ARCHITECTURE.md is what the manifests say.
    CrateTable,
    /// Pure crates ban input and output.
    Purity,
    /// No file imports what a module above it defines.
    Upward,
    /// Modules side by side do not import each other in a circle.
    Circle,
    /// Modules with children are `name.rs`.
    ModuleStyle,
    /// Tests sit in a sibling `tests.rs`.
    SiblingTests,
    /// Source files are short.
    Size,
    /// Public functions that return `Result` say when they fail.
    Errors,
    /// Public quantities name their unit.
    Units,
    /// Paths that documents name exist.
    Documents,
    /// No run of equal lines stands twice.
    Duplicates,
    /// No marker of unfinished work.
    Markers,
}

/// One fault.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The check that found it.
    pub(crate) check: Check,
    /// File from the root of the repository.
    pub(crate) path: String,
    /// Line from 1 on; 0 when the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong and what to do about it.
    pub(crate) text: String,
    /// The name by which an exception refers to the fault; it has no line number.
    pub(crate) subject: String,
}

impl Fault {
    /// A fault whose subject is its file.
    pub(crate) fn new(check: Check, path: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            check,
            path: path.to_owned(),
            line,
            text: text.into(),
            subject: path.to_owned(),
        }
    }

    /// The same fault under another name for exceptions.
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
