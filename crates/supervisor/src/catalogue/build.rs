//! `catalogue build`: makes a bundle of an image, and an entry of a catalogue for it.

use std::io::Seek as _;
use std::path::{Path, PathBuf};

use lazaret_files::{NewFile, check_output};
use serde::Serialize;

use super::bundle::{self, BundleManifest};
use super::document::{Catalogue, CatalogueImage, url};
use crate::hash::copy_hashed;
use crate::{Error, Home, ProgressSink, RootfsRequest, blocking};

/// The bundle to build.
#[derive(Debug, Clone)]
pub struct BundleRequest {
    /// The disk to build; its output path and file system are ignored.
    pub rootfs: RootfsRequest,
    /// The path of the bundle; an existing file is replaced.
    pub output: PathBuf,
    /// The name in the catalogue.
    pub name: String,
    /// The distribution, for people to read.
    pub distro: Option<String>,
    /// The name of the kernel that the image is meant for.
    pub kernel: Option<String>,
    /// The catalogue that gets the entry; it is made if it is missing.
    pub catalogue: Option<PathBuf>,
}

/// A bundle that was built.
#[derive(Debug, Clone, Serialize)]
pub struct BuiltBundle {
    /// The path of the bundle.
    pub path: PathBuf,
    /// The entry for a catalogue.
    pub entry: CatalogueImage,
}

impl Home {
    /// Builds a bundle.
    ///
    /// # Errors
    /// Those of [`Home::build_rootfs`]; [`Error::Catalogue`].
    pub async fn build_bundle(
        &self,
        request: BundleRequest,
        progress: ProgressSink,
    ) -> Result<BuiltBundle, Error> {
        check_output(&request.output)?;
        let folder = self.scratch.path()?.to_owned();
        let disk = folder.join("rootfs.ext4");
        let mut rootfs = request.rootfs.clone();
        rootfs.output.clone_from(&disk);
        rootfs.file_system = lazaret_rootfs::FileSystem::Ext4;
        rootfs.verity = false;
        let built = self.build_image(rootfs, progress).await?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let manifest = BundleManifest::new(text(built.manifest), text(built.config));
        let arch = built.architecture;
        blocking(move || pack(&disk, &manifest, arch, request)).await
    }

    /// The images of all catalogues.
    ///
    /// # Errors
    /// [`Error::Catalogue`], [`Error::Io`].
    pub fn catalogue_images(&self) -> Result<Vec<CatalogueImage>, Error> {
        let all = self.catalogues()?.into_iter();
        Ok(all.flat_map(|catalogue| catalogue.images).collect())
    }
}

fn pack(
    disk: &Path,
    manifest: &BundleManifest,
    arch: String,
    request: BundleRequest,
) -> Result<BuiltBundle, Error> {
    let file = std::fs::File::open(disk).map_err(Error::io("open", disk))?;
    let new = NewFile::output(&request.output)?;
    let output = new.file()?;
    bundle::write(&file, manifest, &output).map_err(Error::io("write", &request.output))?;
    let read = (&output)
        .rewind()
        .and_then(|()| copy_hashed(&mut &output, &mut std::io::sink()));
    let (digest, size) = read.map_err(Error::io("read", &request.output))?;
    new.publish()?;
    // Removed now, because the store sweeps its folder only when the next command begins.
    std::fs::remove_file(disk).map_err(Error::io("remove", disk))?;
    let entry = CatalogueImage {
        name: request.name,
        distro: request.distro,
        arch,
        kernel: request.kernel,
        url: url(&request.output, request.catalogue.as_deref())?,
        sha256: digest.hex().to_owned(),
        size,
    };
    if let Some(catalogue) = &request.catalogue {
        Catalogue::add_image(catalogue, entry.clone())?;
    }
    Ok(BuiltBundle {
        path: request.output,
        entry,
    })
}
