//! Settings that cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::htpasswd::LineError;

/// Why the settings cannot be used. Requests that may not go on are [`super::Denied`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("failed to read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("failed to write '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of the htpasswd file is no user with a slow hash.
    #[error("failed to read the users in '{}'", path.display())]
    Htpasswd {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        source: LineError,
    },
    /// A key file holds no key that can be used.
    #[error("failed to use the key in '{}': {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// A value is wrong.
    #[error("invalid setting {setting}: {reason}")]
    Setting {
        /// Where, such as `auth.oidc[0].issuer`.
        setting: String,
        /// What is wrong.
        reason: String,
    },
}
