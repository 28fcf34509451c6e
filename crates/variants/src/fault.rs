//! What is wrong with a document, and where.

use std::fmt;

use serde::Serialize;

/// One fault of a document, or one warning about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The keys to the value, joined by dots; empty for the document. Printable.
    pub path: String,
    /// Description of the fault, in one line; printable.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// All faults of a document, by their places, and the warnings beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The faults; never empty.
    pub faults: Vec<Fault>,
    /// What is not understood but does no harm.
    pub warnings: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}
