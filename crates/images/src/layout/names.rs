//! Names of the files of a layout, and of what it says about itself.

use lazaret_oci::Digest;

/// The index of roots.
pub(super) const INDEX: &str = "index.json";
/// The file that makes a folder or tar a layout.
pub(super) const MARK: &str = "oci-layout";
/// Content of [`MARK`].
pub(super) const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The annotation that names a root.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The file of a blob.
pub(super) fn blob(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}
