//! The errors of text or bytes that should follow the OCI specifications.

use thiserror::Error;

/// A value that does not follow its specification; the fields have the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Not `sha256:<64 hex>` or `sha512:<128 hex>`.
    #[error("invalid digest '{text}': {reason}")]
    Digest {
        /// The text given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Not a repository name of the distribution specification.
    #[error("invalid repository name '{text}': {reason}")]
    Repository {
        /// The text given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Not a tag of the distribution specification.
    #[error(
        "invalid tag '{text}': at most 128 letters, digits, '_', '.', '-', not starting with '.' or '-'"
    )]
    Tag {
        /// The text given.
        text: String,
    },
    /// Not `host[:port]`.
    #[error("invalid registry '{text}': {reason}")]
    Registry {
        /// The text given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A reference without a registry, where one is required.
    #[error("reference '{text}' names no registry")]
    MissingRegistry {
        /// The text given.
        text: String,
    },
    /// A reference that breaks the grammar of references.
    #[error("invalid reference '{text}': {reason}")]
    Reference {
        /// The text given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A manifest that is too large.
    #[error("manifest of {bytes} bytes exceeds the limit of {limit} bytes")]
    ManifestTooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Bytes that are not a manifest or index.
    #[error("invalid manifest: {reason}")]
    Manifest {
        /// The message of the parser.
        reason: String,
    },
    /// Bytes that are not an image configuration.
    #[error("invalid image configuration: {reason}")]
    ImageConfig {
        /// The message of the parser.
        reason: String,
    },
    /// Not `os/architecture[/variant]`.
    #[error("invalid platform '{text}': expected os/architecture[/variant]")]
    Platform {
        /// The text given.
        text: String,
    },
}
