//! The errors of single values.

use thiserror::Error;

/// A value that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A word that an enumeration does not have.
    #[error("'{text}' is no {what}; known are {known}")]
    Word {
        /// What was expected.
        what: &'static str,
        /// The text given; printable.
        text: String,
        /// The words that are known.
        known: String,
    },
    /// Text that cannot be a part of a path.
    #[error("the {what} '{text}' {reason}")]
    Part {
        /// What the text is.
        what: &'static str,
        /// The text given; printable.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// Text that is no URL of a server.
    #[error("'{text}' is no URL of a server: {reason}")]
    Endpoint {
        /// The text given; printable.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// `native` on a machine of an architecture that has no variants.
    #[error("this machine's architecture, {architecture}, has no variants: name x86_64 or aarch64")]
    NoNative {
        /// The architecture of this program.
        architecture: &'static str,
    },
    /// A reference that a registry does not take.
    #[error("'{text}' cannot be used in an OCI registry")]
    Oci {
        /// The reference; printable.
        text: String,
        /// The rule that it breaks.
        source: lazaret_oci::Error,
    },
    /// The description of a transfer is not the expected JSON.
    #[error("the transfer is not described as expected: {reason}")]
    Transfer {
        /// The fault.
        reason: String,
    },
    /// The path of a transfer is not the one that its own description gives.
    #[error("the store path '{text}' is not '{expected}'")]
    StorePath {
        /// The path given; printable.
        text: String,
        /// The path that the description gives.
        expected: String,
    },
    /// The artifact has no such variant.
    #[error("the {kind} '{artifact}' has no variant {selector}; it has {known}")]
    NoVariant {
        /// What the artifact is.
        kind: &'static str,
        /// Name of the artifact.
        artifact: String,
        /// The variant that was asked for.
        selector: String,
        /// The variants that it has.
        known: String,
    },
    /// The document has no such artifact.
    #[error("there is no artifact '{name}'")]
    NoArtifact {
        /// The name given; printable.
        name: String,
        /// The artifact that was probably meant.
        nearest: Option<String>,
    },
}
