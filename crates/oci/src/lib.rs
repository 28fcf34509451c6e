//! The nouns of the OCI specifications as checked types, without any I/O.
//!
//! Text from users and peers becomes a [`Reference`], [`Digest`] or [`ManifestDocument`] at
//! the edge; code that holds one of these never checks it again.
//!
//! Sources: image-spec 1.1 (descriptors, manifests, indexes, configuration),
//! distribution-spec 1.1 (names, tags, error bodies), and the reference grammar of
//! `distribution/reference`.

mod descriptor;
mod digest;
mod document;
mod error;
mod image;
pub mod media_type;
mod name;
mod null;
mod platform;
mod reference;
#[cfg(test)]
mod tests;
pub mod wire;

pub use descriptor::{Descriptor, EMPTY_CONFIG};
pub use digest::{Algorithm, Digest, Hasher};
pub use document::{Index, MAX_MANIFEST_BYTES, Manifest, ManifestContent, ManifestDocument};
pub use error::Error;
pub use image::{ImageConfig, ProcessConfig, RootFs};
pub use name::{Registry, Repository, Tag};
pub use platform::Platform;
pub use reference::Reference;
