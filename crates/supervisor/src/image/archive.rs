//! Tars that hold an image: an OCI layout, or what `docker save` and `podman save` write.
//!
//! A tar is read once, from front to back, into the image store: every file that can be a blob
//! is stored under its digest, and small documents are kept at hand until the last entry has
//! said what the tar is. Names in the tar are looked up, never used as paths of this machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use lazaret_images::ImageStore;
use lazaret_oci::{Descriptor, Digest};
use tar::EntryType;

use super::blobs;
use super::layout::{self, Blobs};
use crate::Error;

/// Documents up to this size are kept in memory.
const SMALL: u64 = 4 * 1024 * 1024;
/// All of them together.
const SMALL_TOTAL: u64 = 64 * 1024 * 1024;
/// Entries in one tar: layers and documents, not files of an image.
const MOST_ENTRIES: usize = 10_000;

/// What a tar turned out to be.
pub(super) enum Archive {
    /// An OCI layout whose blobs are in the store now.
    Layout {
        /// Its `index.json`.
        index: Vec<u8>,
    },
    /// Images as `docker save` writes them.
    Docker(Contents),
}

/// The entries of a tar by name.
#[derive(Default)]
pub(super) struct Contents {
    /// Small files.
    documents: HashMap<String, Vec<u8>>,
    /// Every file, as a blob in the store.
    blobs: HashMap<String, (Digest, u64)>,
    /// Links to other entries (`docker save` writes a repeated layer once).
    links: HashMap<String, String>,
}

impl Contents {
    pub(super) fn document(&self, name: &str) -> Option<&[u8]> {
        self.documents.get(name).map(Vec::as_slice)
    }

    /// The blob behind a name, through at most one link.
    pub(super) fn blob(&self, name: &str) -> Option<&(Digest, u64)> {
        let target = self.links.get(name).map_or(name, String::as_str);
        self.blobs.get(target)
    }
}

/// Whether a file begins like a tar, compressed or not.
pub(super) fn is_tar(path: &Path) -> Result<bool, Error> {
    let mut reader = open(path)?;
    let mut block = [0; 512];
    let mut length = 0;
    while length < block.len() {
        match reader.read(&mut block[length..]) {
            // Broken compression is found, and named, when the file is read as a whole.
            Ok(0) | Err(_) => break,
            Ok(count) => length += count,
        }
    }
    Ok(length == block.len() && &block[257..262] == b"ustar")
}

/// Reads a tar into the store.
pub(super) fn read(path: &Path, store: &ImageStore) -> Result<Archive, Error> {
    let broken = |error: std::io::Error| Error::Source {
        path: path.to_owned(),
        reason: format!("it is not a readable tar: {error}"),
    };
    let mut tar = tar::Archive::new(open(path)?);
    let mut contents = Contents::default();
    let mut kept = 0;
    for (count, entry) in tar.entries().map_err(broken)?.enumerate() {
        let entry = entry.map_err(broken)?;
        if count >= MOST_ENTRIES {
            return Err(Error::Source {
                path: path.to_owned(),
                reason: format!("it has more than {MOST_ENTRIES} entries"),
            });
        }
        let name = clean(&String::from_utf8_lossy(&entry.path_bytes()));
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                store_entry(store, &mut contents, &mut kept, name, entry)?;
            }
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = resolve(&name, &String::from_utf8_lossy(&target), entry.header());
                contents.links.insert(name, target);
            }
            _ => {}
        }
    }
    if contents.document("oci-layout").is_some()
        && let Some(index) = contents.documents.remove("index.json")
    {
        return Ok(Archive::Layout { index });
    }
    if contents.document("manifest.json").is_some() {
        return Ok(Archive::Docker(contents));
    }
    Err(Error::Source {
        path: path.to_owned(),
        reason: "it is neither an OCI layout nor what `docker save` writes: it has no \
                 index.json and no manifest.json"
            .to_owned(),
    })
}

fn store_entry(
    store: &ImageStore,
    contents: &mut Contents,
    kept: &mut u64,
    name: String,
    mut entry: impl Read + Sized,
) -> Result<(), Error> {
    // `blobs/sha256/<hex>` says what the content must be.
    let expected = name
        .strip_prefix("blobs/")
        .and_then(|rest| rest.replacen('/', ":", 1).parse::<Digest>().ok());
    let mut small = Vec::new();
    let broken = |source| Error::Io {
        action: format!("read '{name}' in the tar"),
        source,
    };
    (&mut entry)
        .take(SMALL + 1)
        .read_to_end(&mut small)
        .map_err(broken)?;
    let fits = small.len() as u64 <= SMALL && *kept + small.len() as u64 <= SMALL_TOTAL;
    let stored = blobs::put(store, (&small[..]).chain(entry), expected.as_ref(), &name)?;
    contents.blobs.insert(name.clone(), stored);
    if fits && expected.is_none() {
        *kept += small.len() as u64;
        contents.documents.insert(name, small);
    }
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let mut magic = Vec::new();
    (&mut file)
        .take(2)
        .read_to_end(&mut magic)
        .map_err(Error::io("read", path))?;
    let gzip = magic == [0x1f, 0x8b];
    let whole = BufReader::with_capacity(256 * 1024, std::io::Cursor::new(magic).chain(file));
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

fn clean(name: &str) -> String {
    name.trim_start_matches("./")
        .trim_end_matches('/')
        .to_owned()
}

/// A link target as a name in the tar: symbolic links are relative to their folder.
fn resolve(name: &str, target: &str, header: &tar::Header) -> String {
    if header.entry_type() == EntryType::Link {
        return clean(target);
    }
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut parts: Vec<String> = Vec::new();
    for part in folder.join(target).iter() {
        match part.to_str() {
            Some("..") => {
                parts.pop();
            }
            Some("." | "/") | None => {}
            Some(part) => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}

/// The blobs of an archive, which are in the store.
pub(super) struct Stored<'a>(pub(super) &'a ImageStore);

impl Blobs for Stored<'_> {
    fn path(&self, digest: &Digest) -> Result<PathBuf, Error> {
        self.0.path(digest).ok_or_else(|| Error::BlobMissing {
            digest: digest.clone(),
        })
    }
}

/// The entry of an archived layout.
pub(super) fn entry(index: &[u8], tag: Option<&str>, path: &Path) -> Result<Descriptor, Error> {
    layout::choose(index, tag, path)
}
