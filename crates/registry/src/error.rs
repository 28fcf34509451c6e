//! Errors of registries that could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::Faults;
use crate::rules::KeyError;
use crate::schemas::SchemaError;
use crate::server::{ListenError, TlsError};

/// A registry that cannot start or go on. Requests that fail get an answer instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on; the kind of the source says whether another program
    /// does.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The settings are wrong.
    #[error("failed to use the configuration: {0}")]
    Config(#[from] Faults),
    /// Users or their rights cannot be set up.
    #[error("failed to set up who may do what")]
    Auth(#[from] lazaret_auth::Error),
    /// Certificates cannot be used.
    #[error("failed to set up TLS")]
    Tls(#[from] TlsError),
    /// Content or metadata is out of reach.
    #[error("failed to open {place}")]
    Storage {
        /// A folder, a file, a bucket.
        place: String,
        /// The store's reason.
        source: lazaret_content::Error,
    },
    /// Nothing was ever stored there.
    #[error("there is no registry: '{}' does not exist", path.display())]
    NoRegistry {
        /// Its database.
        path: PathBuf,
    },
    /// A file that the settings name cannot be read.
    #[error("failed to read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A public key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A family that an operator adds cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A folder cannot be made.
    #[error("failed to create '{}'", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder of an ephemeral registry cannot be made or locked.
    #[error("failed to make a folder for the registry in '{}'", path.display())]
    Temporary {
        /// The folder in which it was to be made.
        path: PathBuf,
        /// The failure below.
        source: lazaret_files::Error,
    },
    /// The runtime ends before the work was begun.
    #[error(transparent)]
    Stopped(#[from] lazaret_files::Stopped),
}

impl From<ListenError> for Error {
    fn from(error: ListenError) -> Self {
        let ListenError { address, source } = error;
        Self::Listen { address, source }
    }
}
