//! Recognises the kernel images that QEMU can boot.

use super::{
    bzimage::{BzImage, release},
    vmlinux,
};

/// A recognised kernel image.
pub(super) struct Image {
    /// `uname -r` of the kernel.
    pub(super) release: String,
    /// The uncompressed kernel, which boots faster than the image itself, if there is one.
    pub(super) unpacked: Option<Vec<u8>>,
}

impl Image {
    /// `room` is the largest unpacked kernel, in bytes.
    pub(super) fn parse(bytes: &[u8], room: u64) -> Result<Self, &'static str> {
        if bytes.starts_with(b"\x7fELF") {
            if !vmlinux::has_pvh_entry(bytes) {
                return Err("this vmlinux has no PVH entry; give the vmlinuz instead");
            }
            let release = banner(bytes).ok_or("this vmlinux does not name its release")?;
            return Ok(Self {
                release,
                unpacked: None,
            });
        }
        let image = BzImage::parse(bytes)?;
        Ok(Self {
            unpacked: image
                .payload
                .and_then(|payload| vmlinux::extract(payload, room)),
            release: image.release,
        })
    }
}

/// The release in the first text `Linux version ` that has one.
pub(super) fn banner(bytes: &[u8]) -> Option<String> {
    const BANNER: &[u8] = b"Linux version ";
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == BANNER[0]) {
        rest = &rest[at..];
        if let Some(found) = rest.strip_prefix(BANNER).and_then(release) {
            return Some(found);
        }
        rest = &rest[1..];
    }
    None
}
