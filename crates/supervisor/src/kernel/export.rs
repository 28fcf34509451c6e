//! `kernel export`: writes a kernel and its initramfs to files for any hypervisor.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_files::NewFile;
use serde::Serialize;

use crate::initramfs;
use crate::{Error, Home};

/// An exported kernel with its initramfs.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedKernel {
    /// Its name.
    pub name: String,
    /// `uname -r` of a machine that runs it.
    pub release: String,
    /// The path of the boot image.
    pub vmlinuz: PathBuf,
    /// The path of the unpacked image, for hypervisors that want an ELF file. Not every kernel has
    /// one.
    pub vmlinux: Option<PathBuf>,
    /// The path of the initramfs, which loads the modules and starts the disk that `root=` names.
    pub initrd: PathBuf,
}

impl Home {
    /// Writes a kernel (the default one when none is named) and its initramfs to a folder, which is
    /// made if it is missing. Existing files are replaced.
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
            let new = NewFile::output(&target)?;
            std::io::copy(&mut source, &mut new.file()?).map_err(Error::io("write", &target))?;
            new.publish()?;
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
}
