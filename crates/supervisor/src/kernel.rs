//! Kernels, as the command line shows them.

mod registry;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use lazaret_vm::kernel::Source;
use serde::Serialize;

use crate::initramfs;
use crate::staged::Staged;
use crate::{Error, Home};

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

impl KernelSource {
    /// What it is for the kernel store.
    fn resolve(self) -> Result<Source, Error> {
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
    /// Whether `run` takes it when none is named.
    pub default: bool,
}

/// A kernel with what it starts from, for any hypervisor.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedKernel {
    /// Its name.
    pub name: String,
    /// `uname -r` of a machine that runs it.
    pub release: String,
    /// The boot image.
    pub vmlinuz: PathBuf,
    /// The same unpacked, for hypervisors that want an ELF file; not every kernel has one.
    pub vmlinux: Option<PathBuf>,
    /// Loads the modules and starts the disk that `root=` names.
    pub initrd: PathBuf,
}

impl Home {
    /// Writes a kernel (the default one when none is named) and its initramfs to a folder, which is
    /// made if missing. Files that are there are replaced.
    ///
    /// # Errors
    /// Those of the kernel store, [`Error::Io`].
    pub fn export_kernel(
        &self,
        name: Option<&str>,
        folder: &Path,
    ) -> Result<ExportedKernel, Error> {
        let kernel = match name {
            Some(name) => self.kernels.get(name)?,
            None => self.kernels.default_kernel()?,
        };
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let copy = |from: &Path, name: &str| {
            let target = folder.join(name);
            let mut source = File::open(from).map_err(Error::io("open", from))?;
            let staged = Staged::create(&target)?;
            std::io::copy(&mut source, &mut staged.file()?).map_err(Error::io("write", &target))?;
            staged.publish()?;
            Ok::<_, Error>(target)
        };
        let unpacked = (kernel.image != kernel.vmlinuz).then_some(&kernel.image);
        Ok(ExportedKernel {
            vmlinuz: copy(&kernel.vmlinuz, "vmlinuz")?,
            vmlinux: unpacked.map(|image| copy(image, "vmlinux")).transpose()?,
            initrd: copy(
                &initramfs::prepare(&kernel, &self.settings.cache)?,
                "initrd",
            )?,
            name: kernel.name,
            release: kernel.release,
        })
    }

    /// Imports a kernel; the first, and each later one, becomes the default.
    ///
    /// # Errors
    /// Those of the kernel store.
    pub fn import_kernel(&self, source: KernelSource, name: Option<&str>) -> Result<Kernel, Error> {
        let source = source.resolve()?;
        let kernel = self.kernels.import(&source, name)?;
        Ok(self.shown(kernel))
    }

    /// Takes a kernel in beside the others: see [`lazaret_vm::kernel::Store::add`].
    pub(crate) fn add_kernel(
        &self,
        source: KernelSource,
        name: Option<&str>,
    ) -> Result<Kernel, Error> {
        let kernel = self.kernels.add(&source.resolve()?, name)?;
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
