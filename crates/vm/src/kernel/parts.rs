//! The parts of a kernel, before the store selects modules.

use std::path::PathBuf;

use lazaret_values::Ratio;

/// Largest boot image or `vmlinux` in bytes, whatever its file; every real one is smaller.
const MAX_IMAGE_BYTES: u64 = 512 * 1024 * 1024;

/// Bytes of memory for a boot image, its unpacked kernel and its modules, by the size of the file that
/// they come in. Kernels unpack to 3 to 7 times their size.
const MEMORY: Ratio = Ratio {
    free: 24 * 1024 * 1024,
    times: 8,
};

/// The most bytes of memory for the parts that come in a file of `size` bytes.
pub(super) fn memory(size: u64) -> u64 {
    MEMORY.of(size).min(MAX_IMAGE_BYTES)
}

/// The parts of a kernel before modules are selected.
pub(super) struct Parts {
    /// Path from which the image came, for messages.
    pub(super) origin: PathBuf,
    /// The boot image.
    pub(super) image: Vec<u8>,
    /// Bytes of memory that are left for what is unpacked of the image.
    pub(super) room: u64,
    /// The folder of all its modules.
    pub(super) modules: Option<PathBuf>,
    /// Most bytes of the modules that are chosen.
    pub(super) modules_room: u64,
}
