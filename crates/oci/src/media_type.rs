//! Media types of the image specification and of Docker's schema 2.

/// OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image configuration.
pub const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The empty JSON object `{}`, as a configuration or layer.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Uncompressed layer.
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// Layer compressed with gzip.
pub const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Layer compressed with zstd.
pub const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// The manifest types that a client can read, for the `Accept` header.
pub const ACCEPTED_MANIFESTS: [&str; 4] = [MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX];

/// Whether `media_type` is that of a manifest or index.
#[must_use]
pub fn is_manifest(media_type: &str) -> bool {
    ACCEPTED_MANIFESTS.contains(&media_type)
}

/// Whether `media_type` is an index or Docker manifest list.
#[must_use]
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, INDEX | DOCKER_INDEX)
}

/// Whether `media_type` is that of a runnable image's configuration.
#[must_use]
pub fn is_image_config(media_type: &str) -> bool {
    matches!(media_type, IMAGE_CONFIG | DOCKER_CONFIG)
}

/// The media type without parameters and surrounding space, in lower case.
#[must_use]
pub fn essence(header: &str) -> String {
    header
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
