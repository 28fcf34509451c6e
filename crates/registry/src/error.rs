//! Why a registry could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

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
        source: lazaret_store::Error,
    },
    /// The address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
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
