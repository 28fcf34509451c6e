//! Recognises files that boot, for hypervisors of any kind: Firecracker and Cloud Hypervisor want an
//! unpacked kernel, QEMU takes a packed one, too.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use super::bzimage::BzImage;
use super::image::banner;
use super::parts::memory;
use super::words::word16;
use super::{compression, vmlinux};
use crate::Error;

/// `e_machine` of a kernel (`include/uapi/linux/elf-em.h`).
const MACHINES: [(u16, &str); 2] = [(62, "x86_64"), (183, "aarch64")];
/// Magic number and place of the header of an Arm kernel (Linux `Documentation/arch/arm64/booting.rst`).
const ARM_MAGIC: &[u8] = b"ARM\x64";
const ARM_MAGIC_AT: usize = 56;

/// The form of a kernel's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootForm {
    /// An unpacked ELF file.
    Vmlinux {
        /// Whether it has the entry by which QEMU starts it.
        pvh: bool,
    },
    /// A packed kernel for x86 whose content cannot be unpacked here.
    BzImage,
    /// A flat kernel for Arm.
    Image,
}

/// How a hypervisor enters an unpacked kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// In any way: Firecracker.
    Any,
    /// By its PVH entry; a packed kernel that has none stays packed: QEMU, Cloud Hypervisor.
    Pvh,
}

/// A file that boots.
#[derive(Clone, PartialEq, Eq)]
pub struct BootFile {
    /// The architecture: `x86_64` or `aarch64`.
    pub architecture: &'static str,
    /// Its form.
    pub form: BootForm,
    /// `uname -r` of the kernel, if it says so.
    pub release: Option<String>,
    /// The content, unpacked as far as that is possible.
    pub content: Vec<u8>,
}

impl BootFile {
    /// Reads a kernel, and unpacks it: a file compressed by gzip, xz or zstd, and a bzImage.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a file that is no kernel, [`Error::Unpack`] and [`Error::Io`].
    pub fn read(path: &Path, entry: Entry) -> Result<Self, Error> {
        let file = lazaret_files::open_regular(path).map_err(Error::io("open", path))?;
        let size = file.metadata().map_err(Error::io("inspect", path))?.len();
        let room = memory(size);
        let content = compression::read_bounded(file, room);
        let content = content.map_err(Error::unpack("the kernel", path))?;
        Self::recognise(content, room, entry).map_err(|reason| Error::Malformed {
            path: path.to_owned(),
            expected: "kernel",
            reason: reason.to_owned(),
        })
    }

    /// Recognises a kernel, whose unpacked form has at most `room` bytes.
    pub(super) fn recognise(
        content: Vec<u8>,
        room: u64,
        entry: Entry,
    ) -> Result<Self, &'static str> {
        if content.is_empty() {
            return Err("it is empty");
        }
        if content.starts_with(b"\x7fELF") {
            return of_elf(content);
        }
        if content.get(ARM_MAGIC_AT..ARM_MAGIC_AT + 4) == Some(ARM_MAGIC) {
            return Ok(Self {
                architecture: "aarch64",
                form: BootForm::Image,
                release: banner(&content),
                content,
            });
        }
        let image = BzImage::parse(&content)?;
        let unpacked = image
            .payload
            .and_then(|payload| vmlinux::unpack(payload, room))
            .and_then(|unpacked| of_elf(unpacked).ok())
            .filter(|file| entry == Entry::Any || file.form == BootForm::Vmlinux { pvh: true });
        Ok(unpacked.unwrap_or(Self {
            architecture: "x86_64",
            form: BootForm::BzImage,
            release: Some(image.release),
            content,
        }))
    }
}

impl fmt::Debug for BootFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BootFile")
            .field("architecture", &self.architecture)
            .field("form", &self.form)
            .field("release", &self.release)
            .field("bytes", &self.content.len())
            .finish()
    }
}

fn of_elf(content: Vec<u8>) -> Result<BootFile, &'static str> {
    if content.get(4..6) != Some(&[2, 1]) {
        return Err("it is no 64-bit little-endian ELF file");
    }
    let number = word16(&content, 18).unwrap_or_default();
    let known = MACHINES.iter().find(|(machine, _)| *machine == number);
    let (_, architecture) = known.ok_or("it is an ELF file for another processor")?;
    if vmlinux::has_loader(&content) {
        return Err("it is a program that a kernel runs, and no kernel");
    }
    let Some(release) = banner(&content) else {
        return Err("it is an ELF file, but no Linux kernel");
    };
    Ok(BootFile {
        architecture,
        form: BootForm::Vmlinux {
            pvh: vmlinux::has_pvh_entry(&content),
        },
        release: Some(release),
        content,
    })
}
