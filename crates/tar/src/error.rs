//! The errors of this crate, and their classes.

use std::io;

use lazaret_values::Printable;
use thiserror::Error;

/// Longest part of a name in a message, in characters.
const SHOWN: usize = 200;

/// A copy that failed. Names in messages are cut off and have no characters that could drive a
/// terminal.
#[derive(Debug, Error)]
pub enum Error {
    /// The bytes are no tar archive.
    #[error("the archive is damaged at byte {offset}: {reason}")]
    Malformed {
        /// Where its header is, in bytes.
        offset: u64,
        /// The reason.
        reason: &'static str,
    },
    /// The archive ends too early.
    #[error("the archive ends in the middle")]
    Truncated,
    /// An entry that no honest archive has.
    #[error("'{path}' is refused: {reason}")]
    Refused {
        /// Name of the entry.
        path: String,
        /// The reason.
        reason: &'static str,
    },
    /// Something of another kind is where the entry belongs.
    #[error("'{path}' is {found}, and {wanted} cannot take its place")]
    Clash {
        /// The path.
        path: String,
        /// What is there.
        found: &'static str,
        /// What would take its place.
        wanted: &'static str,
    },
    /// There is nothing of that name.
    #[error("there is no '{path}'")]
    NotFound {
        /// The path.
        path: String,
    },
    /// A folder is needed, and something else is there.
    #[error("'{path}' is no folder")]
    NotAFolder {
        /// The path.
        path: String,
    },
    /// A source that holds nothing that could be copied.
    #[error("'{path}' cannot be copied: {reason}")]
    Source {
        /// The path.
        path: String,
        /// The reason.
        reason: &'static str,
    },
    /// A system call failed.
    #[error("failed to {action} '{path}'")]
    System {
        /// What was attempted.
        action: &'static str,
        /// The path.
        path: String,
        /// The kernel's error.
        source: io::Error,
    },
    /// The copy failed when a part of it was written.
    #[error("'{path}' is incomplete")]
    Incomplete {
        /// What is incomplete.
        path: String,
        /// The cause.
        source: Box<Error>,
    },
    /// The archive could not be read or written.
    #[error("failed to {action} the archive")]
    Stream {
        /// `read` or `write`.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Something does not exist.
    NotFound,
    /// Something else is in the way.
    Conflict,
    /// The archive breaks a rule.
    Invalid,
    /// A file cannot be read or written, or the disk is full.
    Storage,
}

impl Error {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Malformed { .. } | Self::Truncated | Self::Refused { .. } => Class::Invalid,
            Self::Clash { .. } | Self::NotAFolder { .. } => Class::Conflict,
            Self::NotFound { .. } => Class::NotFound,
            Self::Source { .. } => Class::Invalid,
            Self::System { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Class::NotFound
            }
            Self::Incomplete { source, .. } => source.class(),
            Self::System { .. } | Self::Stream { .. } => Class::Storage,
        }
    }

    pub(crate) fn refused(path: &[u8], reason: &'static str) -> Self {
        let path = show(path);
        Self::Refused { path, reason }
    }

    /// For `map_err`: the attempted action and its object.
    pub(crate) fn system<E: Into<io::Error>>(
        action: &'static str,
        path: &[u8],
    ) -> impl FnOnce(E) -> Self {
        let path = show(path);
        move |source| Self::System {
            action,
            path,
            source: source.into(),
        }
    }

    pub(crate) fn reading(source: io::Error) -> Self {
        let action = "read";
        Self::Stream { action, source }
    }

    pub(crate) fn writing(source: io::Error) -> Self {
        let action = "write";
        Self::Stream { action, source }
    }
}

/// A name as text that is fit for a terminal.
pub(crate) fn show(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    Printable::new(&text).within(SHOWN).to_string()
}
