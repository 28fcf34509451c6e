//! Media types of kernels and guest images in registries.

use crate::ArtifactKind;

/// Port's layer with a kernel.
pub const KERNEL_LAYER: &str = "application/vnd.port.kernel.v1+binary";
/// Port's layer with a guest image.
pub const GUEST_IMAGE_LAYER: &str = "application/vnd.port.guest-image.v1+binary";
/// Our layer with the initial RAM disk of a guest image.
pub const INITRD_LAYER: &str = "application/vnd.lazaret.initrd.v1.cpio+gzip";
/// Our artifact type of a kernel.
pub const KERNEL: &str = "application/vnd.lazaret.kernel.v1";
/// Our artifact type of a guest image.
pub const GUEST_IMAGE: &str = "application/vnd.lazaret.guest-image.v1";
/// Annotation of a layer: the path under which `oras pull` writes it.
pub const TITLE: &str = "org.opencontainers.image.title";
/// Annotation of a variant in an index: its substrate.
pub const SUBSTRATE: &str = "dev.lazaret.substrate";
/// Annotation of a variant in an index: its protection mode.
pub const PROTECTION_MODE: &str = "dev.lazaret.protection-mode";

/// The type of an artifact's main layer.
#[must_use]
pub fn layer(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Kernel => KERNEL_LAYER,
        ArtifactKind::GuestImage => GUEST_IMAGE_LAYER,
    }
}

/// The type of an artifact.
#[must_use]
pub fn artifact(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Kernel => KERNEL,
        ArtifactKind::GuestImage => GUEST_IMAGE,
    }
}
