//! Packs as OCI artifacts.
//!
//! ```text
//! artifactType  application/vnd.lazaret.pack.v1
//! config        application/vnd.lazaret.pack.config.v1+json   the pack's manifest, byte for byte
//! layers        application/vnd.lazaret.pack.part.v1          the file in pieces, one after the other
//! ```
//! A piece is a section with the zeros behind it; the last one is manifest, signature and footer. So packs
//! share program and kernel in a registry.

pub(super) const ARTIFACT: &str = "application/vnd.lazaret.pack.v1";
pub(super) const CONFIG: &str = "application/vnd.lazaret.pack.config.v1+json";
pub(super) const PART: &str = "application/vnd.lazaret.pack.part.v1";
/// The name of the file (image-spec, annotations).
pub(super) const TITLE: &str = "org.opencontainers.image.title";

/// The artifacts of smolvm: one layer of this type.
pub(super) const FOREIGN: &str = "application/vnd.smolmachines.smolmachine.v1";
