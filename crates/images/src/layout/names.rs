//! Names of the files of a layout, and the fixed texts in them.

use lazaret_oci::Digest;

/// Name of the index of roots.
pub(super) const INDEX: &str = "index.json";
/// Name of the file that marks a folder or tar as a layout.
pub(super) const MARK: &str = "oci-layout";
/// Content of [`MARK`].
pub(super) const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The annotation that names a root.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Name of the file of a blob.
pub(super) fn blob(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}
