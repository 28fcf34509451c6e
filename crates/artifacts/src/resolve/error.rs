//! Why a resolution fails: the port, or the artifact.

use lazaret_oci::Reference;
use thiserror::Error as ThisError;

use crate::Error;

/// Why a run could not be resolved.
#[derive(Debug, ThisError)]
pub enum ResolveError<E: std::error::Error + 'static> {
    /// An artifact could not be fetched.
    #[error("failed to fetch '{reference}'")]
    Fetch {
        /// The artifact.
        reference: Reference,
        /// Why.
        source: E,
    },
    /// What was fetched breaks a rule.
    #[error(transparent)]
    Artifact(#[from] Error),
}
