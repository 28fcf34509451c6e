//! Kernels, as the command line shows them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use lazaret_vm::kernel::Source;
use serde::Serialize;

use crate::{Engine, Error};

/// Where a kernel comes from.
#[derive(Debug, Clone)]
pub enum KernelSource {
    /// A Debian package or a boot image: told by what it is.
    File(PathBuf),
    /// A boot image with the folder of its modules.
    Image {
        /// The boot image.
        image: PathBuf,
        /// `lib/modules/RELEASE`.
        modules: Option<PathBuf>,
    },
    /// The running host.
    Host,
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
    /// Whether `run` takes it when none is named.
    pub default: bool,
}

impl Engine {
    /// Imports a kernel; the first, and each later one, becomes the default.
    ///
    /// # Errors
    /// Those of the kernel store.
    pub fn import_kernel(&self, source: KernelSource, name: Option<&str>) -> Result<Kernel, Error> {
        let source = match source {
            KernelSource::File(path) if is_package(&path)? => Source::Package(path),
            KernelSource::File(image) => Source::Files {
                image,
                modules: None,
            },
            KernelSource::Image { image, modules } => Source::Files { image, modules },
            KernelSource::Host => Source::Host,
        };
        let kernel = self.kernels.import(&source, name)?;
        Ok(self.shown(kernel))
    }

    /// The kernels of the store.
    ///
    /// # Errors
    /// Those of the kernel store.
    pub fn kernels(&self) -> Result<Vec<Kernel>, Error> {
        Ok(self
            .kernels
            .ls()?
            .into_iter()
            .map(|kernel| self.shown(kernel))
            .collect())
    }

    /// Removes a kernel.
    ///
    /// # Errors
    /// Those of the kernel store.
    pub fn remove_kernel(&self, name: &str) -> Result<(), Error> {
        Ok(self.kernels.remove(name)?)
    }

    fn shown(&self, kernel: lazaret_vm::kernel::Kernel) -> Kernel {
        let default = self
            .kernels
            .default_kernel()
            .is_ok_and(|default| default.name == kernel.name);
        Kernel {
            name: kernel.name,
            release: kernel.release,
            modules: kernel.modules.len(),
            default,
        }
    }
}

/// Whether a file is an `ar` archive, which Debian packages are (deb(5)).
fn is_package(path: &Path) -> Result<bool, Error> {
    let mut magic = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(8)
        .read_to_end(&mut magic)
        .map_err(Error::io("read", path))?;
    Ok(magic == b"!<arch>\n")
}
