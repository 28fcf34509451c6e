//! The errors of settings that cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Settings that cannot be used. Requests that are refused have [`crate::Denied`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("failed to read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("failed to write '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A line of the htpasswd file is not a user with a slow hash.
    #[error("failed to read the users in '{}'", path.display())]
    Htpasswd {
        /// The file.
        path: PathBuf,
        /// The line and its fault.
        source: LineError,
    },
    /// A key file contains no usable key.
    #[error("failed to use the key in '{}': {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The fault, as the end of a sentence.
        reason: &'static str,
    },
    /// A value is wrong.
    #[error("invalid setting {setting}: {reason}")]
    Setting {
        /// The key of the setting, such as `auth.oidc[0].issuer`.
        setting: String,
        /// The fault, as the end of a sentence.
        reason: String,
    },
}

/// A line of an htpasswd file that cannot be read. The hash is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: usize,
    /// The fault, as a sentence.
    pub reason: &'static str,
}
