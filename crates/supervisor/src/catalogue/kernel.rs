//! Finds the kernel that an image or a command line names, in the store or elsewhere.

use std::path::Path;

use lazaret_oci::Reference;

use crate::kernel::{Kernel, KernelSource};
use crate::{Error, Home, ProgressSink};

impl Home {
    /// Makes sure that a kernel is in the store, and returns its name there. It is looked for in
    /// the store, in the catalogues, as a file, and in a registry, in this order.
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

    /// The name of the first kernel that a catalogue has for this machine.
    pub(crate) fn first_catalogue_kernel(&self) -> Result<Option<String>, Error> {
        let first = self.in_catalogues(|catalogue, arch| {
            let mut kernels = catalogue.kernels.iter();
            let kernel = kernels.find(|kernel| kernel.arch == arch)?;
            Some(kernel.name.clone())
        })?;
        Ok(first.map(|(name, _)| name))
    }

    /// Imports the kernel that a catalogue has under a name, under that name or another one.
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
