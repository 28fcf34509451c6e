//! Looks at packs of smolvm.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_images::FileRange;
use lazaret_pack::ForeignPack;
use lazaret_values::Printable;
use serde::Serialize;

use crate::Error;

/// Most assets that are named.
const MOST_ASSETS: usize = 1000;
/// Most bytes of unpacked assets that are read to name them.
const MOST_BYTES: u64 = 16 << 30;

/// A pack of smolvm.
#[derive(Debug, Clone, Serialize)]
pub struct ForeignSummary {
    /// The file.
    pub path: PathBuf,
    /// Always `smolvm`.
    pub kind: &'static str,
    /// Version of its format.
    pub version: u32,
    /// Size of the program at its beginning, 0 without one.
    pub program: u64,
    /// The checksum in its footer, as it is.
    pub crc32: String,
    /// Names and sizes of its assets.
    pub assets: Vec<(String, u64)>,
    /// Its manifest.
    pub manifest: serde_json::Value,
}

/// Reads a pack of smolvm; `None` for a file that is none. Blocks.
///
/// # Errors
/// Those of the format; [`Error::Source`] for assets that cannot be read.
pub(super) fn summary(path: &Path) -> Result<Option<ForeignSummary>, Error> {
    let Some(pack) = ForeignPack::open(path)? else {
        return Ok(None);
    };
    let (offset, size) = pack.assets;
    let name = path.display().to_string();
    let range = FileRange::part(Arc::new(pack.file), name, offset, size);
    let assets = assets(range.reader()).map_err(|error| Error::Source {
        path: path.to_owned(),
        reason: format!("its assets: {error}"),
    })?;
    Ok(Some(ForeignSummary {
        path: path.to_owned(),
        kind: "smolvm",
        version: pack.version,
        program: pack.program,
        crc32: format!("{:08x}", pack.checksum),
        assets,
        manifest: pack.manifest,
    }))
}

fn assets(packed: impl Read) -> io::Result<Vec<(String, u64)>> {
    let content = zstd::Decoder::new(packed)?;
    let content = lazaret_files::Bounded::new(content, MOST_BYTES);
    let mut archive = tar::Archive::new(content);
    let mut assets = Vec::new();
    for entry in archive.entries()? {
        let entry = entry?;
        if assets.len() == MOST_ASSETS {
            return Err(io::Error::other("there are too many"));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        assets.push((Printable::new(&name).to_string(), entry.size()));
    }
    Ok(assets)
}
