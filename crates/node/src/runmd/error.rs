//! Why a configuration of the original mirror cannot be converted.

use lazaret_values::Printable;
use thiserror::Error;

use super::origin::File;

/// A configuration of the original mirror that cannot be converted at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// A file has too much text.
    #[error("failed to read {file}: it has more than {limit} bytes")]
    TooLarge {
        /// The file.
        file: File,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// A file has too many statements.
    #[error("failed to read {file}: it has more than {limit} statements")]
    TooMany {
        /// The file.
        file: File,
        /// The most that are read, a number of statements.
        limit: usize,
    },
    /// No line of the text is a statement.
    #[error("failed to read mirror.runmd: no line is a statement of the original mirror")]
    NoStatement,
    /// Nothing tells whose mirror it is.
    #[error(
        "failed to name the upstream: mirror.runmd names no registry, and its folder tells none"
    )]
    NoNamespace,
    /// The namespace that was given is no name of a host.
    #[error("failed to name the upstream: '{namespace}' is no host")]
    Namespace {
        /// What was given; printable.
        namespace: String,
    },
}

impl ImportError {
    /// A namespace that is no name of a host.
    pub(super) fn namespace(given: &str) -> Self {
        Self::Namespace {
            namespace: Printable::excerpt(given),
        }
    }
}
