//! Bundles: `.tar.zst` files with exactly two members, `rootfs.ext4` and `manifest.json`.
//!
//! The second one carries the OCI manifest and configuration of the image that the disk was made
//! from, byte for byte. So an image from a bundle has the same name, digest and process as one from
//! a registry.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;

use lazaret_images::{DiskClaim, ImageRecord, ImageStore, Prebuilt};
use lazaret_oci::{Digest, Reference};
use lazaret_rootfs::{DiskReader, FileSystem, Limits};
use serde::{Deserialize, Serialize};

use super::document::CatalogueImage;
use crate::Error;

pub(crate) const DISK: &str = "rootfs.ext4";
pub(crate) const MANIFEST: &str = "manifest.json";
const VERSION: u32 = 1;
/// Largest `manifest.json`, in bytes.
const LARGEST_MANIFEST: u64 = 16 << 20;
/// Largest disk, in bytes.
const LARGEST_DISK: u64 = 64 << 30;
const BLOCK: usize = 4096;

/// The content of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleManifest {
    pub(crate) version: u32,
    /// The image's manifest, byte for byte.
    pub(crate) manifest: String,
    /// The image's configuration, byte for byte.
    pub(crate) config: String,
}

impl BundleManifest {
    pub(crate) fn new(manifest: String, config: String) -> Self {
        Self {
            version: VERSION,
            manifest,
            config,
        }
    }
}

/// Writes a bundle; the same disk always gives the same bytes.
pub(crate) fn write(disk: &File, manifest: &BundleManifest, output: &File) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(output, 3)?;
    encoder.include_checksum(true)?;
    let mut archive = tar::Builder::new(encoder);
    let text = serde_json::to_vec(manifest)?;
    let mut append = |name: &str, size: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(size);
        archive.append_data(&mut header, name, content)
    };
    append(MANIFEST, text.len() as u64, &mut &text[..])?;
    let mut disk = disk.try_clone()?;
    io::Seek::rewind(&mut disk)?;
    let size = disk.metadata()?.len();
    append(DISK, size, &mut disk)?;
    archive.into_inner()?.finish()?.flush()
}

/// Takes a bundle whose digest is already verified into the store. Returns the record, which the
/// caller has to store.
pub(super) fn unpack(
    store: &ImageStore,
    file: &File,
    entry: &CatalogueImage,
    reference: &Reference,
    kernel: Option<String>,
) -> Result<ImageRecord, Error> {
    let refused = |reason: String| Error::Bundle {
        name: entry.name.clone(),
        reason,
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => Error::Io {
            action: format!("unpack the bundle of '{}'", entry.name),
            source: error,
        },
        _ => refused(error.to_string()),
    };
    let key = format!("bundle-{}.ext4", entry.sha256);
    let (mut manifest, mut seen) = (None, BTreeSet::new());
    // A disk under this key came from the same bytes.
    let claim = match store.claim_disk(&key)? {
        DiskClaim::Build(build) => Some(build),
        DiskClaim::Ready(_) => None,
    };
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).map_err(failed)?);
    // Read raw, so that extended headers are members like any other: refused, and not read into
    // memory.
    for member in archive.entries().map_err(failed)?.raw(true) {
        let mut member = member.map_err(failed)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let size = member.size();
        if member.header().entry_type() != tar::EntryType::Regular || !seen.insert(name.clone()) {
            return Err(refused(format!("'{name}' is no file, or comes twice")));
        }
        match &name[..] {
            MANIFEST if size <= LARGEST_MANIFEST => {
                let parsed: BundleManifest = serde_json::from_reader(&mut member)
                    .map_err(|error| refused(format!("{MANIFEST}: {error}")))?;
                manifest = Some(parsed);
            }
            DISK if size <= LARGEST_DISK => {
                if let Some(build) = &claim {
                    let disk = build.create()?;
                    copy_sparse(&mut member, &disk, size).map_err(failed)?;
                    check(disk).map_err(|error| refused(format!("{DISK}: {error}")))?;
                }
            }
            MANIFEST | DISK => return Err(refused(format!("'{name}' has {size} bytes"))),
            _ => {
                return Err(refused(format!(
                    "it holds '{name}': only {DISK} and {MANIFEST} are expected"
                )));
            }
        }
    }
    let Some(manifest) = manifest.filter(|_| seen.contains(DISK)) else {
        return Err(refused(format!("it lacks {DISK} or {MANIFEST}")));
    };
    if manifest.version != VERSION {
        return Err(refused(format!(
            "version {} is not {VERSION}",
            manifest.version
        )));
    }
    let raw = manifest.manifest.as_bytes();
    let document = lazaret_oci::ManifestDocument::parse(raw.to_vec(), None)?;
    let config = document
        .manifest()
        .map(|manifest| manifest.config.digest.clone())
        .ok_or_else(|| refused("its image is an index".to_owned()))?;
    store.add(manifest.config.as_bytes(), Some(&config), MANIFEST)?;
    store.add(raw, Some(document.digest()), MANIFEST)?;
    if let Some(build) = claim {
        build.publish()?;
    }
    let source: Digest = document.digest().clone();
    let mut record = store.describe(reference.to_string(), source, &document)?;
    record.prebuilt = Some(Prebuilt { disk: key, kernel });
    Ok(record)
}

/// Copies a disk; blocks of zeros become holes.
fn copy_sparse(from: &mut impl Read, to: &File, size: u64) -> io::Result<()> {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let mut buffer = vec![0; 256 * BLOCK];
    let mut at = 0;
    while at < size {
        let length = usize::try_from(size - at).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        from.read_exact(&mut buffer[..length])?;
        for (number, block) in buffer[..length].chunks(BLOCK).enumerate() {
            if *block != ZEROS[..block.len()] {
                to.write_all_at(block, at + (number * BLOCK) as u64)?;
            }
        }
        at += length as u64;
    }
    to.set_len(size)
}

/// Checks that a disk is an ext4 whose tree can be read.
fn check(disk: File) -> Result<(), lazaret_rootfs::Error> {
    let reader = DiskReader::open(disk, Limits::default())?;
    if reader.file_system() != FileSystem::Ext4 {
        return Err(lazaret_rootfs::Error::Damaged {
            reason: "it is not ext4",
        });
    }
    reader.walk(|_, _| Ok(()))
}

#[cfg(test)]
mod tests;
