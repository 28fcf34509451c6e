//! `rootfs build`: builds a disk in a file from an image of any source.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lazaret_files::{NewFile, check_output};
use lazaret_images::{FileRange, Source, Wanted, select};
use lazaret_oci::{
    Descriptor, Digest, ImageConfig, MAX_MANIFEST_BYTES, ManifestDocument, Platform, Reference,
    media_type,
};
use lazaret_rootfs::{Compression, FileSystem, Options, append_verity};
use lazaret_values::hex;
use serde::Serialize;
use tokio::runtime::Handle;

use crate::image::convert::Conversion;
use crate::inject::Injection;
use crate::pull::Arrivals;
use crate::source_name::{SourceName, is_explicit};
use crate::{Error, Home, ProgressSink, Setting, blocking, image};

/// The disk to build.
#[derive(Debug, Clone)]
pub struct RootfsRequest {
    /// The source: `oci:DIR[:TAG]`, `docker-archive:TAR[:TAG]`, the name of a cached image, or a
    /// reference.
    pub source: String,
    /// The platform to take from an index, and that a single image must have. When not given, this
    /// machine's platform is taken from an index, and a single image may have any.
    pub platform: Option<Platform>,
    /// The path of the disk; an existing file is replaced.
    pub output: PathBuf,
    /// Its file system.
    pub file_system: FileSystem,
    /// Its size in bytes; only for ext4.
    pub size: Option<u64>,
    /// Whether an ext4 has a journal.
    pub journal: bool,
    /// The compression of files; only for EROFS.
    pub compression: Option<Compression>,
    /// The volume label.
    pub label: String,
    /// Whether a dm-verity tree is appended.
    pub verity: bool,
    /// Additions after the layers, in this order.
    pub inject: Vec<Injection>,
}

/// A disk that was built.
#[derive(Debug, Clone, Serialize)]
pub struct BuiltRootfs {
    /// The path of the disk.
    pub path: PathBuf,
    /// `ext4` or `erofs`.
    pub file_system: &'static str,
    /// Digest of the image's manifest.
    pub image: Digest,
    /// Length of the file, in bytes.
    pub size: u64,
    /// Bytes in use.
    pub used: u64,
    /// Number of files, folders and other objects.
    pub entries: u64,
    /// UUID of the file system.
    pub uuid: String,
    /// The dm-verity tree behind the disk, if there is one.
    pub verity: Option<VerityTree>,
    /// Seconds from the first byte read to the last one synced.
    pub seconds: f64,
}

/// The dm-verity tree of a disk, by which a kernel checks it block by block.
#[derive(Debug, Clone, Serialize)]
pub struct VerityTree {
    /// The root hash, hexadecimal.
    pub root_hash: String,
    /// The salt of every hash, hexadecimal.
    pub salt: String,
    /// Number of blocks of 4 KiB that the tree covers.
    pub data_blocks: u64,
    /// Offset of the tree's superblock, in bytes.
    pub hash_offset: u64,
}

/// A built disk with the image's documents, byte for byte.
pub(crate) struct BuiltImage {
    pub(crate) rootfs: BuiltRootfs,
    pub(crate) manifest: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) architecture: String,
}

impl Home {
    /// Builds a disk. No file is at `output` before the disk is whole and synced.
    ///
    /// # Errors
    /// Those of the source; [`Error::Convert`]; [`Error::DigestMismatch`].
    pub async fn build_rootfs(
        &self,
        request: RootfsRequest,
        progress: ProgressSink,
    ) -> Result<BuiltRootfs, Error> {
        Ok(self.build_image(request, progress).await?.rootfs)
    }

    pub(crate) async fn build_image(
        &self,
        request: RootfsRequest,
        progress: ProgressSink,
    ) -> Result<BuiltImage, Error> {
        if let (FileSystem::Erofs, Some(size)) = (request.file_system, request.size) {
            return Err(Error::Setting {
                setting: Setting::Size,
                value: size.to_string(),
                reason: "an EROFS has the size of its content".to_owned(),
            });
        }
        if let (FileSystem::Ext4, Some(_)) = (request.file_system, request.compression) {
            return Err(Error::Setting {
                setting: Setting::Compression,
                value: "ext4".to_owned(),
                reason: "only an EROFS is compressed".to_owned(),
            });
        }
        check_output(&request.output)?;
        let source = match self.source(&request.source)? {
            // A folder or file that holds no image keeps no name from being one.
            SourceName::Folder(_) | SourceName::File(_) if !is_explicit(&request.source) => {
                SourceName::Name(request.source.clone())
            }
            source => source,
        };
        match self.open_images(source).await {
            Ok((source, wanted)) => build_source(source, &wanted, request).await,
            Err(Error::ImageNotFound { .. }) => self.pull_and_build(request, progress).await,
            Err(error) => Err(error),
        }
    }

    /// Builds the disk while the image is pulled: each layer is converted when it arrives.
    async fn pull_and_build(
        &self,
        request: RootfsRequest,
        progress: ProgressSink,
    ) -> Result<BuiltImage, Error> {
        let reference: Reference = request.source.parse()?;
        let platform = request.platform.clone().unwrap_or_else(Platform::native);
        let store = self.images.clone();
        let convert = move |document: &ManifestDocument, layers: &Arrivals| {
            let (_, config) = image::config(&store, document)?;
            let open = |layer: &Descriptor| layers.wait_for(&layer.digest);
            build(document, config, &open, &request)
        };
        let reference = reference.normalized();
        let pulled = self.pull_using(&reference, &platform, progress, convert);
        Ok(pulled.await?.1)
    }
}

/// Builds the disk of a local image.
async fn build_source(
    source: Box<dyn Source>,
    wanted: &Wanted,
    request: RootfsRequest,
) -> Result<BuiltImage, Error> {
    let root = source.root(wanted).await?;
    let platform = request.platform.clone().unwrap_or_else(Platform::native);
    let image = select(&*source, &root, &platform).await;
    let document = image
        .map_err(|error| image::without_platform(Path::new(&request.source), error))?
        .document;
    let config = match document.manifest() {
        Some(manifest) => source.blob(&manifest.config).await?,
        None => return Err(not_found(&request)),
    };
    let config = config.bytes(MAX_MANIFEST_BYTES as u64).await?;
    let runtime = Handle::current();
    blocking(move || {
        let open = |layer: &Descriptor| {
            let blob = runtime.block_on(source.blob(layer))?;
            blob.file().cloned().ok_or_else(|| Error::BlobMissing {
                digest: layer.digest.clone(),
            })
        };
        build(&document, config, &open, &request)
    })
    .await
}

fn not_found(request: &RootfsRequest) -> Error {
    Error::ImageNotFound {
        name: request.source.clone(),
    }
}

/// Builds the disk of an image whose layers `open` returns.
fn build(
    document: &ManifestDocument,
    raw_config: Vec<u8>,
    open: &(dyn Fn(&Descriptor) -> Result<FileRange, Error> + Sync),
    request: &RootfsRequest,
) -> Result<BuiltImage, Error> {
    let manifest = document.manifest().ok_or_else(|| not_found(request))?;
    if !media_type::is_image_config(&manifest.config.media_type) {
        return Err(Error::NotAnImage {
            name: request.source.clone(),
            artifact_type: manifest.effective_artifact_type().to_owned(),
        });
    }
    let config = ImageConfig::parse(&raw_config)?;
    if let Some(wanted) = &request.platform {
        image::check_platform(&config, wanted)?;
    }
    let started = Instant::now();
    let new = NewFile::output(&request.output)?;
    let conversion = Conversion {
        name: &request.source,
        manifest,
        config: &config,
        open,
        inject: &request.inject,
    };
    let options = Options {
        file_system: request.file_system,
        size: request.size,
        journal: request.journal,
        compression: request.compression,
        label: request.label.clone(),
        ..Options::default()
    };
    let summary = conversion.run(new.file()?, options)?;
    let verity = if request.verity {
        let tree = append_verity(&new.file()?, summary.size, &summary.uuid);
        let tree = tree.map_err(|source| Error::Convert {
            subject: request.source.clone(),
            source,
        })?;
        Some(VerityTree {
            root_hash: hex(&tree.root_hash),
            salt: hex(&tree.salt),
            data_blocks: tree.data_blocks,
            hash_offset: tree.hash_offset,
        })
    } else {
        None
    };
    new.publish()?;
    let rootfs = BuiltRootfs {
        path: request.output.clone(),
        file_system: match request.file_system {
            FileSystem::Ext4 => "ext4",
            FileSystem::Erofs => "erofs",
        },
        image: document.digest().clone(),
        size: summary.size,
        used: summary.used,
        entries: summary.entries,
        uuid: uuid(&summary.uuid),
        verity,
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok(BuiltImage {
        rootfs,
        manifest: document.raw().to_vec(),
        config: raw_config,
        architecture: config.architecture,
    })
}

/// Formats a UUID as RFC 9562 says.
fn uuid(bytes: &[u8; 16]) -> String {
    let hex = hex(bytes);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests;
