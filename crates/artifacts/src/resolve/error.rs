//! The errors of a resolution: of the port, or of an artifact.

use lazaret_oci::Reference;
use thiserror::Error as ThisError;

use crate::Error;

/// The reason for which a run could not be resolved.
#[derive(Debug, ThisError)]
pub enum ResolveError<E: std::error::Error + 'static> {
    /// An artifact could not be fetched.
    #[error("failed to fetch '{reference}'")]
    Fetch {
        /// Reference of the artifact.
        reference: Reference,
        /// The reason.
        source: E,
    },
    /// A fetched artifact breaks a rule.
    #[error(transparent)]
    Artifact(#[from] Error),
}
