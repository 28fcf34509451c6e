//! A kernel before the store chooses from it.

use std::path::PathBuf;

/// Larger than any boot image or `vmlinux`.
pub(super) const MAX_IMAGE_BYTES: u64 = 512 * 1024 * 1024;

/// The parts of a kernel before anything is chosen from them.
pub(super) struct Parts {
    /// Where the image came from, for messages.
    pub(super) origin: PathBuf,
    /// The boot image.
    pub(super) image: Vec<u8>,
    /// The folder of all its modules.
    pub(super) modules: Option<PathBuf>,
}
