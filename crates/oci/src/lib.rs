//! The types of the OCI specifications: references, digests, media types, manifests and error
//! bodies.
//!
//! Text from users and peers becomes a [`Reference`], [`Digest`] or [`ManifestDocument`] where it
//! enters the program; code that has one of these never checks it again.
//!
//! The crate is pure: it never opens a socket, reads a file or a clock, or knows a store. It builds
//! on `lazaret-values`; `lazaret-artifacts` and all crates that move or serve images build on it.
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
