//! What is wrong with a document.

use std::fmt;

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the offending value.
    pub pointer: String,
    /// Description of the fault, in one line; printable.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    /// The same fault of a value that is inside `parent`.
    pub(crate) fn below(self, parent: &str) -> Self {
        Self {
            pointer: format!("{parent}{}", self.pointer),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}
