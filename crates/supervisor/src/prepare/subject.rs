//! What a run is of.

use std::path::PathBuf;

use lazaret_artifacts::RunSpec;
use lazaret_images::Prebuilt;
use lazaret_oci::{ImageConfig, Manifest};

/// What is run and how, settled before anything large is fetched.
pub(super) struct Subject {
    pub(super) spec: RunSpec,
    pub(super) hostname: String,
    /// Digest of the image's manifest.
    pub(super) digest: String,
    pub(super) stop_signal: Option<u8>,
    /// The kernel that it is meant for.
    pub(super) kernel: Option<String>,
    pub(super) content: Content,
}

/// What the root disk comes from.
pub(super) enum Content {
    /// An image's layers, or the disk that a catalogue has of it.
    Image {
        manifest: Box<Manifest>,
        config: Box<ImageConfig>,
        prebuilt: Option<Prebuilt>,
    },
    /// A disk that boots by itself.
    Disk(PathBuf),
}
