//! Parses the boot image of an x86 kernel (Linux `Documentation/arch/x86/boot.rst`).

use super::words::{index32, word16};

const SECTOR_BYTES: usize = 512;
const SETUP_SECTORS: usize = 0x1f1;
const BOOT_FLAG: usize = 0x1fe;
const MAGIC: usize = 0x202;
const VERSION: usize = 0x206;
const KERNEL_VERSION: usize = 0x20e;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
/// The first version of the boot protocol that gives the place of the payload.
const PAYLOAD_PROTOCOL: u16 = 0x0208;
const MAX_RELEASE_BYTES: usize = 128;

/// A parsed boot image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BzImage<'a> {
    /// `uname -r` of the kernel.
    pub(super) release: String,
    /// The compressed `vmlinux`, if the image gives its place.
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> BzImage<'a> {
    pub(super) fn parse(image: &'a [u8]) -> Result<Self, &'static str> {
        if image.get(MAGIC..MAGIC + 4) != Some(b"HdrS") || word16(image, BOOT_FLAG) != Some(0xaa55)
        {
            return Err("there is no x86 boot header");
        }
        let version = word16(image, VERSION).ok_or("it ends in its header")?;
        let pointer = word16(image, KERNEL_VERSION).filter(|pointer| *pointer != 0);
        let release = pointer
            .and_then(|pointer| image.get(SECTOR_BYTES + usize::from(pointer)..))
            .and_then(release)
            .ok_or("its header does not name the kernel release")?;
        let payload = (version >= PAYLOAD_PROTOCOL)
            .then(|| payload(image))
            .flatten();
        Ok(Self { release, payload })
    }
}

/// Parses the release at the start of a version text such as `6.1.0-56-cloud-amd64 (gcc ...) #1`.
pub(super) fn release(text: &[u8]) -> Option<String> {
    let end = text
        .iter()
        .take(MAX_RELEASE_BYTES + 1)
        .position(|byte| matches!(byte, b' ' | 0))?;
    let release = std::str::from_utf8(&text[..end]).ok()?;
    super::name::is_name(release).then(|| release.to_owned())
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    let sectors = match *image.get(SETUP_SECTORS)? {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = ((sectors + 1) * SECTOR_BYTES).checked_add(index32(image, PAYLOAD_OFFSET)?)?;
    image.get(start..start.checked_add(index32(image, PAYLOAD_LENGTH)?)?)
}
