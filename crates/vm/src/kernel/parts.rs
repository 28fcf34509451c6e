//! The parts of a kernel, before the store selects modules.

use std::path::PathBuf;

/// Largest boot image or `vmlinux` in bytes; every real one is smaller.
pub(super) const MAX_IMAGE_BYTES: u64 = 512 * 1024 * 1024;

/// The parts of a kernel before modules are selected.
pub(super) struct Parts {
    /// Path from which the image came, for messages.
    pub(super) origin: PathBuf,
    /// The boot image.
    pub(super) image: Vec<u8>,
    /// The folder of all its modules.
    pub(super) modules: Option<PathBuf>,
}
