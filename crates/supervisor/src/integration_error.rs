//! The errors of services with credentials. None of them contains a secret.

use std::path::PathBuf;

use thiserror::Error;

/// A service, or a credential of one, that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntegrationError {
    /// No service of this id is known.
    #[error("no integration '{id}' is known")]
    NotFound {
        /// The id given.
        id: String,
    },
    /// Artifacts of several publishers have this id.
    #[error("several integrations '{id}' are known, for different hosts")]
    Ambiguous {
        /// The id given.
        id: String,
        /// The references of the artifacts.
        references: Vec<String>,
    },
    /// The service has several credentials, and none was named.
    #[error("integration '{id}' has several credentials")]
    WhichCredential {
        /// The service.
        id: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The service has no credential of this name.
    #[error("integration '{id}' has no credential '{name}'")]
    NoCredential {
        /// The service.
        id: String,
        /// The name given; empty for one that has no credentials at all.
        name: String,
        /// The names that it has.
        names: Vec<String>,
    },
    /// A secret that cannot be one.
    #[error("the secret cannot be used: {reason}")]
    Secret {
        /// The reason.
        reason: &'static str,
    },
    /// A file of this program about a service is damaged, or of another version.
    #[error("cannot use '{}': {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The store of secrets failed.
    #[error(transparent)]
    Secrets(#[from] lazaret_secrets::Error),
}
