//! The errors of registries that cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::Faults;
use crate::rules::KeyError;
use crate::schemas::SchemaError;
use crate::server::{ListenError, TlsError};

/// A registry that cannot start, or cannot continue. Requests that fail get a response instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used. The kind of the source says whether another program uses it.
    #[error("failed to listen on {address}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A control plane has a header that cannot be one.
    #[error("'{name}' is no name of a header")]
    Header {
        /// The text given.
        name: String,
    },
    /// The settings are wrong.
    #[error("failed to use the configuration: {0}")]
    Config(#[from] Faults),
    /// Users or access rules cannot be set up.
    #[error("failed to set up who may do what")]
    Auth(#[from] lazaret_auth::Error),
    /// Certificates cannot be used.
    #[error("failed to set up TLS")]
    Tls(#[from] TlsError),
    /// The mirror cannot be opened.
    #[error("failed to set up the mirror")]
    Mirror(#[source] lazaret_mirror::Error),
    /// The settings name no upstream.
    #[error("the settings name no upstream to mirror")]
    NoUpstream,
    /// An upstream cannot be set up.
    #[error("failed to set up the upstream {namespace}: {reason}")]
    Upstream {
        /// Its namespace.
        namespace: String,
        /// What is wrong.
        reason: String,
    },
    /// A store of content or metadata cannot be opened.
    #[error("failed to open {place}")]
    Storage {
        /// The folder, file, database or bucket.
        place: String,
        /// The error of the store.
        source: lazaret_content::Error,
    },
    /// Content is there, and the metadata, which is younger, names none of it.
    #[error("the metadata in {place} is empty, and there is content that it should name")]
    MetadataLost {
        /// The file or database.
        place: String,
    },
    /// The metadata names content, and the store has none at all.
    #[error("the content in {place} is gone: the metadata names some, and there is none")]
    ContentLost {
        /// The folder or bucket.
        place: String,
    },
    /// There is no registry in this place.
    #[error("there is no registry: '{}' does not exist", path.display())]
    NoRegistry {
        /// The path of its database.
        path: PathBuf,
    },
    /// A file that the settings name cannot be read.
    #[error("failed to read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A public key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The schema of an additional artifact family cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A folder cannot be made.
    #[error("failed to create '{}'", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder of an ephemeral registry cannot be made or locked.
    #[error("failed to make a folder for the registry in '{}'", path.display())]
    Temporary {
        /// The parent folder.
        path: PathBuf,
        /// The cause.
        source: lazaret_files::Error,
    },
    /// The runtime ended before the work began.
    #[error(transparent)]
    Stopped(#[from] lazaret_files::Stopped),
}

impl From<ListenError> for Error {
    fn from(error: ListenError) -> Self {
        let ListenError { address, source } = error;
        Self::Listen { address, source }
    }
}

impl Error {
    /// The error of a file that settings name and that could not be read.
    pub(crate) fn unread(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }
}
