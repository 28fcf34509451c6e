//! Errors of named kernels and guest images.

use std::path::PathBuf;

use lazaret_values::Printable;
use lazaret_variants::{Fault, Faults};
use thiserror::Error;

/// Why a named kernel or guest image cannot be used or moved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VariantsError {
    /// There is no document.
    #[error("there is no '{}'", path.display())]
    NoDocument {
        /// The file.
        path: PathBuf,
    },
    /// A document with faults.
    #[error("'{}' has faults:{}", path.display(), list(path, &faults.faults))]
    Document {
        /// The file.
        path: PathBuf,
        /// All faults.
        faults: Faults,
    },
    /// A name or value that breaks its rule.
    #[error(transparent)]
    Value(#[from] lazaret_variants::Error),
    /// There is no file to push.
    #[error("there is no file '{}'", path.display())]
    NoFile {
        /// The file of the variant.
        path: PathBuf,
    },
    /// The store does not have the variant.
    #[error("{backend} has no '{store_path}'")]
    NotStored {
        /// The store, in words.
        backend: String,
        /// Where it would be.
        store_path: String,
    },
    /// A manifest in a registry that holds no such artifact.
    #[error("'{reference}' is no {kind}: {reason}")]
    Manifest {
        /// The reference.
        reference: String,
        /// What it should be.
        kind: &'static str,
        /// The reason.
        reason: String,
    },
    /// An environment variable that the document names is not set.
    #[error("the environment variable {name} is not set, which the document names for {purpose}")]
    Variable {
        /// Its name.
        name: String,
        /// What it is for.
        purpose: String,
    },
    /// A value of a variable that cannot go into a header.
    #[error("the value of the environment variable {name} cannot be sent")]
    Unsendable {
        /// The name of the variable.
        name: String,
    },
    /// A control plane that would get a token without encryption.
    #[error("'{endpoint}' is not encrypted and not this machine: it gets no token")]
    PlainControlPlane {
        /// The URL.
        endpoint: String,
    },
    /// The authorities of the settings cannot be read.
    #[error("cannot use the authorities in '{}'", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: lazaret_net::RootsError,
    },
    /// A control plane refused.
    #[error(
        "control plane '{control_plane}' answered {status}: {}",
        Printable::new(message)
    )]
    Refused {
        /// Its name.
        control_plane: String,
        /// The status of HTTP.
        status: u16,
        /// Its words.
        message: String,
    },
    /// A control plane cannot be reached, or the connection broke.
    #[error("failed to {action} control plane '{control_plane}' at {endpoint}")]
    Connection {
        /// The attempted action with its preposition.
        action: &'static str,
        /// Its name.
        control_plane: String,
        /// Its URL.
        endpoint: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A control plane did not answer as the hosted API says.
    #[error("control plane '{control_plane}' does not answer as expected: {reason}")]
    Protocol {
        /// Its name.
        control_plane: String,
        /// The reason.
        reason: String,
    },
    /// The index of the variants never agreed with their tags.
    #[error("the index '{reference}' changed with every try: others push at the same time")]
    IndexRace {
        /// The reference of the index.
        reference: String,
    },
}

fn list(path: &std::path::Path, faults: &[Fault]) -> String {
    let line = |fault: &Fault| format!("\n  {}:{fault}", path.display());
    faults.iter().map(line).collect()
}
