//! Packs of smolvm (`.smolmachine`), which can be looked at.
//!
//! Their footer is the last 64 bytes, little-endian: `SMOLPACK`, version (4 bytes, 1 to 3), size of the
//! program, offset and size of the assets, offset and size of the manifest (8 bytes each), a CRC-32, 8 bytes
//! of padding. The assets are a tar compressed with zstd, the manifest is JSON.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::error::{Damage, Error, io as failed};

const FOOTER_BYTES: usize = 64;
const MAGIC: &[u8; 8] = b"SMOLPACK";
const VERSIONS: std::ops::RangeInclusive<u32> = 1..=3;
/// Largest manifest that is read, in bytes.
pub const LARGEST_FOREIGN_MANIFEST: u64 = 4 << 20;

/// A pack of smolvm.
#[derive(Debug)]
pub struct ForeignPack {
    /// The file.
    pub file: File,
    /// Version of the format.
    pub version: u32,
    /// Size of the program at its beginning, 0 for a file without one.
    pub program: u64,
    /// Offset and size of the assets: a tar in zstd.
    pub assets: (u64, u64),
    /// The manifest.
    pub manifest: serde_json::Value,
    /// The checksum in the footer.
    pub checksum: u32,
}

impl ForeignPack {
    /// Opens the pack at `path`; `None` for a file that is something else.
    ///
    /// # Errors
    /// [`Error::Damaged`] for one whose numbers or manifest cannot be; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let file = lazaret_files::open_regular(path).map_err(failed("open", path))?;
        let Some((footer, size)) = footer(&file).map_err(failed("read", path))? else {
            return Ok(None);
        };
        let bad = |reason| {
            Err(Error::Damaged {
                path: path.to_owned(),
                damage: Damage::Footer(reason),
            })
        };
        let fields = match Fields::decode(&footer, size) {
            Ok(fields) => fields,
            Err(reason) => return bad(reason),
        };
        let mut manifest = vec![0; usize::try_from(fields.manifest.1).unwrap_or_default()];
        let read = file.read_exact_at(&mut manifest, fields.manifest.0);
        read.map_err(failed("read", path))?;
        let manifest = serde_json::from_slice(&manifest).map_err(|error| Error::Damaged {
            path: path.to_owned(),
            damage: Damage::Manifest(error.to_string()),
        })?;
        Ok(Some(Self {
            file,
            version: fields.version,
            program: fields.program,
            assets: fields.assets,
            manifest,
            checksum: fields.checksum,
        }))
    }
}

/// The numbers of a footer.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    version: u32,
    program: u64,
    assets: (u64, u64),
    manifest: (u64, u64),
    checksum: u32,
}

impl Fields {
    fn decode(footer: &[u8; FOOTER_BYTES], size: u64) -> Result<Self, &'static str> {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&footer[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let half = |at: usize| {
            let mut half = [0; 4];
            half.copy_from_slice(&footer[at..at + 4]);
            u32::from_le_bytes(half)
        };
        let fields = Self {
            version: half(8),
            program: word(12),
            assets: (word(20), word(28)),
            manifest: (word(36), word(44)),
            checksum: half(52),
        };
        if !VERSIONS.contains(&fields.version) {
            return Err("its version is not 1 to 3");
        }
        let end = size - FOOTER_BYTES as u64;
        let fits = |(offset, size): (u64, u64)| {
            offset.checked_add(size).is_some_and(|behind| behind <= end)
        };
        if fields.program > end || !fits(fields.assets) || !fits(fields.manifest) {
            return Err("it names a place outside the file");
        }
        if fields.manifest.1 > LARGEST_FOREIGN_MANIFEST {
            return Err("its manifest has no possible size");
        }
        Ok(fields)
    }
}

fn footer(file: &File) -> io::Result<Option<([u8; FOOTER_BYTES], u64)>> {
    let size = file.metadata()?.len();
    let mut bytes = [0; FOOTER_BYTES];
    let Some(at) = size.checked_sub(FOOTER_BYTES as u64) else {
        return Ok(None);
    };
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.starts_with(MAGIC).then_some((bytes, size)))
}

#[cfg(test)]
mod tests;
