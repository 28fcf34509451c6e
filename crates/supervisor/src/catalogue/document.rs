//! The file of a catalogue: strict reading, and adding entries.

use std::path::{Path, PathBuf};

use lazaret_oci::Descriptor;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::bounded::read_bounded;

const VERSION: u32 = 1;
/// Largest catalogue, in bytes.
const LARGEST: usize = 4 << 20;

/// The content of a catalogue file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    version: u32,
    #[serde(default)]
    pub(super) images: Vec<CatalogueImage>,
    #[serde(default)]
    pub(super) kernels: Vec<CatalogueKernel>,
    /// The folder of the file; relative paths begin there.
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

/// A prebuilt image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueImage {
    /// The name that users type.
    pub name: String,
    /// The distribution, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    /// The architecture: `amd64`, `arm64`, ...
    pub arch: String,
    /// The kernel that the image is meant for: in the catalogue, in the store, or in a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The location of its bundle: an `http://` or `https://` URL, or a path.
    pub url: String,
    /// SHA-256 of the bundle, hexadecimal.
    pub sha256: String,
    /// Size of the bundle, in bytes.
    pub size: u64,
}

/// A kernel package or image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueKernel {
    /// The name that images and users name it by.
    pub name: String,
    /// The architecture: `amd64`, `arm64`, ...
    pub arch: String,
    /// The location of the file: an `http://` or `https://` URL, or a path.
    pub url: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Size of the file, in bytes.
    pub size: u64,
}

/// The location of a file, with the size and digest that it must have.
pub(super) struct Location {
    pub(super) url: String,
    pub(super) wanted: Descriptor,
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
    pub(super) fn location(&self) -> Result<Location, Error> {
        Location::new(&self.url, &self.sha256, self.size)
    }
}

impl CatalogueKernel {
    pub(super) fn location(&self) -> Result<Location, Error> {
        Location::new(&self.url, &self.sha256, self.size)
    }
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`Error::Catalogue`] for one that does not parse; [`Error::Io`].
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
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

    /// Adds an image, in the place of one with the same name and architecture, and writes the file.
    pub(super) fn add_image(path: &Path, image: CatalogueImage) -> Result<(), Error> {
        Self::change(path, |this| {
            this.images
                .retain(|old| (&old.name, &old.arch) != (&image.name, &image.arch));
            this.images.push(image);
            this.images.sort_by(|a, b| a.name.cmp(&b.name));
        })
    }

    /// Adds a kernel in the same way.
    pub(super) fn add_kernel(path: &Path, kernel: CatalogueKernel) -> Result<(), Error> {
        Self::change(path, |this| {
            this.kernels
                .retain(|old| (&old.name, &old.arch) != (&kernel.name, &kernel.arch));
            this.kernels.push(kernel);
            this.kernels.sort_by(|a, b| a.name.cmp(&b.name));
        })
    }

    /// Changes a catalogue, which is made if it is missing.
    fn change(path: &Path, change: impl FnOnce(&mut Self)) -> Result<(), Error> {
        let mut this = if path.exists() {
            Self::read(path)?
        } else {
            Self {
                version: VERSION,
                ..Self::default()
            }
        };
        change(&mut this);
        let text = serde_json::to_vec_pretty(&this).map_err(|error| Error::Catalogue {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        crate::write_file(path, &text)
    }
}

/// The URL of a file in a catalogue: its name when both lie in one folder, else its absolute path.
pub(super) fn url(file: &Path, catalogue: Option<&Path>) -> Result<String, Error> {
    let whole = |path: &Path| std::path::absolute(path).map_err(Error::io("find", path));
    let file = whole(file)?;
    let beside = match catalogue {
        Some(catalogue) => whole(catalogue)?.parent() == file.parent(),
        None => true,
    };
    let name = file.file_name().filter(|_| beside);
    let path = name.map_or(file.as_path(), Path::new);
    Ok(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
