//! A tar on this machine, as a map from names to ranges of the file.
//!
//! The headers are read once; content stays in the tar and is read from there. Names are looked
//! up in the map and never used as paths of this machine. A tar that is compressed or not a regular
//! file is first copied to a scratch file, because it must be readable at any offset.

mod index;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_files::{Bounded, unpacked_limit};

use crate::ImageStore;
use crate::blob::FileRange;
use crate::compression::Compression;
use crate::error::{Error, io, unusable};
use index::{Entry, Index};

/// An open tar.
pub(crate) struct Archive {
    path: PathBuf,
    file: Arc<File>,
    index: Index,
}

impl Archive {
    /// Whether a file begins like a tar, compressed or not.
    pub(crate) fn is_at(path: &Path) -> Result<bool, Error> {
        let (mut reader, _) = open(path)?;
        let mut block = [0; 512];
        let mut length = 0;
        while length < block.len() {
            match reader.read(&mut block[length..]) {
                // Broken compression is reported when the whole file is read.
                Ok(0) | Err(_) => break,
                Ok(count) => length += count,
            }
        }
        Ok(length == block.len() && &block[257..262] == b"ustar")
    }

    /// Opens a tar and reads its headers. Scratch files are created in `store`.
    pub(crate) fn open(path: &Path, store: &ImageStore) -> Result<Self, Error> {
        let broken = |error| unusable(path, format!("it is not a readable tar: {error}"));
        let (content, is_plain) = open(path)?;
        let file = if is_plain {
            File::open(path).map_err(io("open", path))?
        } else {
            let mut file = store.scratch_file()?;
            let size = std::fs::metadata(path).map_err(io("inspect", path))?;
            let limit = if size.is_file() {
                unpacked_limit(size.len())
            } else {
                u64::MAX
            };
            let mut content = Bounded::new(content, limit);
            std::io::copy(&mut content, &mut file).map_err(broken)?;
            file.rewind().map_err(io("read", path))?;
            file
        };
        let index = Index::read(&file).map_err(broken)?;
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(file),
            index,
        })
    }

    /// The path with which it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content of a name, through at most one link (`docker save` writes a repeated layer
    /// once).
    pub(crate) fn file(&self, name: &str) -> Option<FileRange> {
        let found = match self.index.get(name)? {
            Entry::Link(target) => self.index.get(target)?,
            found => found,
        };
        let Entry::File { offset, length } = found else {
            return None;
        };
        let shown = format!("{}: {name}", self.path.display());
        let file = Arc::clone(&self.file);
        Some(FileRange::part(file, shown, *offset, *length))
    }
}

/// A file's content, decompressed if need be, and whether the file holds exactly this content and
/// can be read at any offset.
fn open(path: &Path) -> Result<(Box<dyn Read>, bool), Error> {
    let file = File::open(path).map_err(io("open", path))?;
    let kind = file.metadata().map_err(io("inspect", path))?.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        // Some have no end.
        return Err(unusable(path, "it is a device".to_owned()));
    }
    let is_regular = kind.is_file();
    let content = BufReader::with_capacity(256 * 1024, file);
    let (compression, whole) = Compression::detect(content).map_err(io("read", path))?;
    let is_plain = compression == Compression::Plain && is_regular;
    let content = compression.decoder(whole).map_err(io("read", path))?;
    Ok((content, is_plain))
}
