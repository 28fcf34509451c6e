//! `catalogue add-kernel`: makes an entry of a catalogue for a kernel.

use std::fs::File;
use std::path::PathBuf;

use lazaret_oci::Platform;
use lazaret_vm::kernel::Store;

use super::document::{Catalogue, CatalogueKernel, url};
use crate::hash::copy_hashed;
use crate::{Error, Home, KernelSource};

/// The kernel to add to a catalogue.
#[derive(Debug, Clone)]
pub struct CatalogueKernelRequest {
    /// The path of a Debian kernel package or of a boot image.
    pub file: PathBuf,
    /// The name in the catalogue.
    pub name: String,
    /// The architecture; this machine's when it is `None`.
    pub arch: Option<String>,
    /// The catalogue that gets the entry; it is made if it is missing.
    pub catalogue: PathBuf,
}

impl Home {
    /// Adds a kernel to a catalogue. The file stays where it is.
    ///
    /// # Errors
    /// Those of the kernel store for a file that is no kernel; [`Error::Catalogue`], [`Error::Io`].
    pub fn add_catalogue_kernel(
        &self,
        request: CatalogueKernelRequest,
    ) -> Result<CatalogueKernel, Error> {
        // Imported into a folder of this process, as those who pull it will import it.
        let store = Store::new(self.scratch.path()?.join("kernel"));
        let source = KernelSource::File(request.file.clone());
        store.add(&source.resolve()?, Some(&request.name))?;
        let path = &request.file;
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let read = copy_hashed(&mut file, &mut std::io::sink());
        let (digest, size) = read.map_err(Error::io("read", path))?;
        let arch = request.arch;
        let kernel = CatalogueKernel {
            name: request.name,
            arch: arch.unwrap_or_else(|| Platform::native().architecture),
            url: url(path, Some(&request.catalogue))?,
            sha256: digest.hex().to_owned(),
            size,
        };
        Catalogue::add_kernel(&request.catalogue, kernel.clone())?;
        Ok(kernel)
    }
}
