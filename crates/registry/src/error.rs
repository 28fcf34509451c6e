//! Why a registry could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::Faults;
use crate::server::tls::TlsError;

/// A registry that cannot start or go on. Requests that fail get an answer instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The store cannot be opened.
    #[error("failed to open the registry in '{}'", path.display())]
    Open {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: lazaret_content::Error,
    },
    /// The address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
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
        /// Why.
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
        /// Why.
        source: io::Error,
    },
    /// A public key that cannot be used.
    #[error("failed to read the public key: {0}")]
    Key(String),
    /// A family that an operator adds cannot be used.
    #[error("failed to read the schema '{}': {reason}", path.display())]
    Schema {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A folder cannot be made.
    #[error("failed to create '{}'", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
