//! Makes one disk of several files, one after another.
//!
//! QEMU can join files in one format only: the flat extents of VMDK ("Virtual Disk Format 5.0"), a
//! text that lists them. The guest sees one plain disk.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;

const SECTOR: u64 = 512;
/// Longest path that QEMU reads from a descriptor, in bytes.
const LONGEST_PATH: usize = 511;

/// A part of a disk: a range of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskPart {
    /// Path of the file.
    pub path: PathBuf,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
}

/// Writes a file that describes the parts in order: a [`crate::Disk`] of the format
/// [`crate::DiskFormat::Parts`].
///
/// # Errors
/// [`Error::Plan`] for parts that a descriptor cannot express; [`Error::Io`].
pub fn join(parts: &[DiskPart], descriptor: &Path) -> Result<(), Error> {
    // No sync is needed: the file is removed with the machine.
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

/// Puts another name in the place of each file's: `name` is asked for it by path.
pub(crate) fn rename(
    text: &str,
    mut name: impl FnMut(&Path) -> Result<String, Error>,
) -> Result<String, Error> {
    let mut renamed = String::with_capacity(text.len());
    for line in text.lines() {
        let mut pieces = line.split('"');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(size), Some(path), Some(offset)) if line.starts_with("RW ") => {
                let name = name(Path::new(path))?;
                let _ = writeln!(renamed, "{size}\"{name}\"{offset}");
            }
            _ => {
                let _ = writeln!(renamed, "{line}");
            }
        }
    }
    Ok(renamed)
}

#[cfg(test)]
mod tests;
