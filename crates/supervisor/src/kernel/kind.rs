//! A kernel as users see it, and the sources of kernels.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use lazaret_vm::kernel::Source;
use serde::Serialize;

use crate::Error;

/// The source of a kernel.
#[derive(Debug, Clone)]
pub enum KernelSource {
    /// A file: a Debian package or a boot image, told apart by their content.
    File(PathBuf),
    /// A boot image, and the folder of its modules.
    Image {
        /// The boot image.
        image: PathBuf,
        /// The folder `lib/modules/RELEASE`.
        modules: Option<PathBuf>,
    },
    /// The kernel of the running host.
    Host,
}

impl KernelSource {
    /// Converts it to the source type of the kernel store.
    pub(crate) fn resolve(self) -> Result<Source, Error> {
        Ok(match self {
            Self::File(path) if is_package(&path)? => Source::Package(path),
            Self::File(image) => Source::Files {
                image,
                modules: None,
            },
            Self::Image { image, modules } => Source::Files { image, modules },
            Self::Host => Source::Host,
        })
    }
}

/// One kernel of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// `uname -r` of a machine that runs it.
    pub release: String,
    /// Number of modules that a machine loads.
    pub modules: usize,
    /// Whether `run` uses it when none is named.
    pub default: bool,
}

/// Whether a file is an `ar` archive, the format of Debian packages (deb(5)).
pub(crate) fn is_package(path: &Path) -> Result<bool, Error> {
    let mut magic = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(8)
        .read_to_end(&mut magic)
        .map_err(Error::io("read", path))?;
    Ok(magic == b"!<arch>\n")
}
