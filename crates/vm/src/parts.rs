//! Disks whose content is in several files, one after the other.
//!
//! QEMU joins files in one format only: the flat extents of VMDK ("Virtual Disk Format 5.0"), a text that
//! lists them. The guest sees one plain disk.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;

const SECTOR: u64 = 512;
/// Longest path that QEMU reads from a descriptor, in bytes.
const LONGEST_PATH: usize = 511;

/// A part of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskPart {
    /// The file that has it.
    pub path: PathBuf,
    /// Where it begins there, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// Writes a file that stands for the parts in a row: a [`crate::Disk`] of the format
/// [`crate::DiskFormat::Parts`].
///
/// # Errors
/// [`Error::Plan`] for parts that no descriptor can name; [`Error::Io`].
pub fn join(parts: &[DiskPart], descriptor: &Path) -> Result<(), Error> {
    // It goes with the machine: nothing is lost with it.
    std::fs::write(descriptor, text(parts)?).map_err(Error::io("write", descriptor))
}

fn text(parts: &[DiskPart]) -> Result<String, Error> {
    let refused = |part: &DiskPart, reason| Error::Plan {
        field: "part of a disk",
        value: part.path.display().to_string(),
        reason,
    };
    let mut text = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n\
                    createType=\"twoGbMaxExtentFlat\"\n\n# Extent description\n"
        .to_owned();
    for part in parts {
        let whole = std::path::absolute(&part.path).map_err(Error::io("find", &part.path))?;
        let path = whole
            .to_str()
            .filter(|path| path.len() <= LONGEST_PATH && !path.contains(['"', '\n', '\r']));
        let path = path.ok_or_else(|| {
            refused(
                part,
                "its path is over 511 bytes, or has quotes or line breaks",
            )
        })?;
        if part.length % SECTOR != 0 || part.offset % SECTOR != 0 {
            return Err(refused(part, "it is not whole sectors"));
        }
        let (sectors, at) = (part.length / SECTOR, part.offset / SECTOR);
        // QEMU ignores extents that are not RW; the disk itself is attached read-only.
        let _ = writeln!(text, "RW {sectors} FLAT \"{path}\" {at}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
