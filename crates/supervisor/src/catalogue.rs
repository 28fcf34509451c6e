//! Catalogues: prebuilt disks and kernels by a short name, asked before any registry.
//!
//! ```json
//! {
//!   "version": 1,
//!   "images": [
//!     {"name": "debian-12", "distro": "debian", "arch": "amd64", "kernel": "cloud-6.1",
//!      "url": "https://images.example/debian-12.tar.zst", "sha256": "...", "size": 41943040}
//!   ],
//!   "kernels": [
//!     {"name": "cloud-6.1", "arch": "amd64", "url": "linux-image.deb", "sha256": "...", "size": 52428800}
//!   ]
//! }
//! ```
//! A `url` is absolute, or a path relative to the catalogue.

mod build;
mod bundle;
mod fetch;

use std::path::{Path, PathBuf};

pub use build::{BuiltBundle, BundleRequest};
use lazaret_images::{ImageRecord, ImageStore, Lease};
use lazaret_oci::{Descriptor, Platform, Reference};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::image::layout::read_bounded;
use crate::image::{Image, local_name};
use crate::kernel::{Kernel, KernelSource};
use crate::{Error, Home, ProgressSink, blocking};

const VERSION: u32 = 1;
/// Largest catalogue, in bytes.
const LARGEST: usize = 4 << 20;

/// What a catalogue file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    version: u32,
    #[serde(default)]
    images: Vec<CatalogueImage>,
    #[serde(default)]
    kernels: Vec<CatalogueKernel>,
    /// Where it lies; relative paths begin there.
    #[serde(skip)]
    folder: PathBuf,
}

/// A prebuilt image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueImage {
    /// What users call it.
    pub name: String,
    /// Distribution, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    /// `amd64`, `arm64`, ...
    pub arch: String,
    /// The kernel it is meant for: of the catalogue, of the store, or in a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Where its bundle is: `http(s)://`, or a path.
    pub url: String,
    /// Of the bundle, hexadecimal.
    pub sha256: String,
    /// Of the bundle, in bytes.
    pub size: u64,
}

/// A kernel package or image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueKernel {
    name: String,
    arch: String,
    url: String,
    sha256: String,
    size: u64,
}

/// A file and what it must be.
struct Location {
    url: String,
    wanted: Descriptor,
}

impl Location {
    fn new(url: &str, sha256: &str, size: u64) -> Result<Self, Error> {
        let digest = format!("sha256:{sha256}").parse()?;
        Ok(Self {
            url: url.to_owned(),
            wanted: Descriptor::new("application/octet-stream", digest, size),
        })
    }
}

impl CatalogueImage {
    fn location(&self) -> Result<Location, Error> {
        Location::new(&self.url, &self.sha256, self.size)
    }
}

impl CatalogueKernel {
    fn location(&self) -> Result<Location, Error> {
        Location::new(&self.url, &self.sha256, self.size)
    }
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`Error::Catalogue`] for one that does not parse; [`Error::Io`].
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let broken = |reason: String| Error::Catalogue {
            path: path.to_owned(),
            reason,
        };
        let text = read_bounded(path, LARGEST)?;
        let mut this: Self =
            serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        if this.version != VERSION {
            return Err(broken(format!("version {} is not {VERSION}", this.version)));
        }
        let images = this.images.iter().map(CatalogueImage::location);
        let kernels = this.kernels.iter().map(CatalogueKernel::location);
        for location in images.chain(kernels) {
            location.map_err(|error| broken(error.to_string()))?;
        }
        this.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(this)
    }

    /// Puts an entry in the place of the one with its name and architecture, and writes the file.
    pub(crate) fn add(path: &Path, image: CatalogueImage) -> Result<(), Error> {
        let mut this = if path.exists() {
            Self::read(path)?
        } else {
            Self {
                version: VERSION,
                ..Self::default()
            }
        };
        this.images
            .retain(|old| (&old.name, &old.arch) != (&image.name, &image.arch));
        this.images.push(image);
        this.images.sort_by(|a, b| a.name.cmp(&b.name));
        let text = serde_json::to_vec_pretty(&this).map_err(|error| Error::Catalogue {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        crate::write_file(path, &text)
    }
}

impl Home {
    fn catalogues(&self) -> Result<Vec<Catalogue>, Error> {
        let paths = self.settings.catalogues.iter();
        paths.map(|path| Catalogue::read(path)).collect()
    }

    /// The entry for this machine's architecture, and the folder of its catalogue.
    fn in_catalogues<T: Clone>(
        &self,
        pick: impl Fn(&Catalogue, &str) -> Option<T>,
    ) -> Result<Option<(T, PathBuf)>, Error> {
        let native = Platform::native();
        for catalogue in self.catalogues()? {
            if let Some(found) = pick(&catalogue, &native.architecture) {
                return Ok(Some((found, catalogue.folder)));
            }
        }
        Ok(None)
    }

    /// The prebuilt image of that name, fetched into the store; `None` when no catalogue has it.
    ///
    /// # Errors
    /// Those of the catalogue, the download and the bundle.
    pub async fn pull_prebuilt(
        &self,
        name: &str,
        progress: ProgressSink,
    ) -> Result<Option<Image>, Error> {
        let record = self.prebuilt(name, progress).await?;
        Ok(record.as_ref().map(Image::from))
    }

    pub(crate) async fn prebuilt(
        &self,
        name: &str,
        progress: ProgressSink,
    ) -> Result<Option<ImageRecord>, Error> {
        let found = self.in_catalogues(|catalogue, arch| {
            let mut images = catalogue.images.iter();
            let image = images.find(|image| image.name == name && image.arch == arch);
            image.cloned()
        })?;
        let Some((entry, folder)) = found else {
            return Ok(None);
        };
        let reference = local_name(&entry.name)?;
        refuse_other(&self.images, &reference)?;
        let lease = self.images.lease()?;
        let kernel = match &entry.kernel {
            Some(kernel) => Some(self.ensure_kernel(kernel, &progress).await?),
            None => None,
        };
        let file = self.fetch(&entry.location()?, &folder, &progress).await?;
        let record = self.unpack(file, entry, reference, kernel, lease).await?;
        Ok(Some(record))
    }

    async fn unpack(
        &self,
        file: NamedTempFile,
        entry: CatalogueImage,
        reference: Reference,
        kernel: Option<String>,
        lease: Lease,
    ) -> Result<ImageRecord, Error> {
        let store = self.images.clone();
        blocking(move || {
            let _lease = lease;
            let opened = Error::io("open", file.path());
            let record = bundle::unpack(
                &store,
                &file.reopen().map_err(opened)?,
                &entry,
                &reference,
                kernel,
            )?;
            // The download may have taken long.
            refuse_other(&store, &reference)?;
            store.put(&record)?;
            Ok(record)
        })
        .await
    }

    /// The name in the store of a kernel that something asks for: one of the store, of a catalogue, a
    /// file, or one in a registry, in this order.
    ///
    /// # Errors
    /// Those of the kernel store, the catalogue and the registry.
    pub async fn ensure_kernel(
        &self,
        wanted: &str,
        progress: &ProgressSink,
    ) -> Result<String, Error> {
        let not_found = match self.kernels.get(wanted) {
            Ok(kernel) => return Ok(kernel.name),
            Err(
                error @ (lazaret_vm::Error::KernelNotFound { .. }
                | lazaret_vm::Error::KernelName { .. }),
            ) => error,
            Err(error) => return Err(error.into()),
        };
        if let Some(kernel) = self.catalogue_kernel(wanted, None, progress).await? {
            return Ok(kernel.name);
        }
        if Path::new(wanted).is_file() {
            return Ok(self
                .add_kernel(KernelSource::File(wanted.into()), None)?
                .name);
        }
        match wanted.parse::<Reference>() {
            Ok(reference) if wanted.contains('/') => {
                let pulled = self.pull_kernel(&reference, None, progress.clone());
                Ok(pulled.await?.name)
            }
            _ => Err(not_found.into()),
        }
    }

    /// The kernel that a catalogue has under a name, imported under that or another one.
    pub(crate) async fn catalogue_kernel(
        &self,
        wanted: &str,
        name: Option<&str>,
        progress: &ProgressSink,
    ) -> Result<Option<Kernel>, Error> {
        let found = self.in_catalogues(|catalogue, arch| {
            let mut kernels = catalogue.kernels.iter();
            let kernel = kernels.find(|kernel| kernel.name == wanted && kernel.arch == arch);
            kernel.cloned()
        })?;
        let Some((entry, folder)) = found else {
            return Ok(None);
        };
        let file = self.fetch(&entry.location()?, &folder, progress).await?;
        let source = KernelSource::File(file.path().to_owned());
        self.add_kernel(source, Some(name.unwrap_or(wanted)))
            .map(Some)
    }
}

/// What was imported under that name is the user's own.
fn refuse_other(images: &ImageStore, reference: &Reference) -> Result<(), Error> {
    match images.get(&reference.to_string())? {
        Some(old) if old.prebuilt.is_none() => Err(Error::ImageExists { name: old.name }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_read_strictly_and_entries_replace_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.json");
        let image = |name: &str, url: &str| CatalogueImage {
            name: name.into(),
            distro: None,
            arch: "amd64".into(),
            kernel: None,
            url: url.into(),
            sha256: "ab".repeat(32),
            size: 7,
        };
        for (name, url) in [("b", "1"), ("a", "2"), ("b", "3")] {
            Catalogue::add(&path, image(name, url)).unwrap();
        }
        let read = Catalogue::read(&path).unwrap();
        assert_eq!(read.images, [image("a", "2"), image("b", "3")]);
        assert_eq!(read.folder, folder.path());
        for text in [
            "",
            "{}",
            r#"{"version": 2}"#,
            r#"{"version": 1, "image": []}"#,
            r#"{"version": 1, "images": [{"name": "a", "arch": "amd64", "url": "u", "sha256": "short", "size": 1}]}"#,
            r#"{"version": 1, "images": [{"name": "a", "arch": "amd64", "url": "u", "size": 1}]}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Catalogue::read(&path).unwrap_err();
            assert!(matches!(error, Error::Catalogue { .. }), "{text}: {error}");
        }
    }
}
