//! Importing, listing and removing kernels.

use super::kind::{Kernel, KernelSource};
use crate::{Error, Home};

impl Home {
    /// Imports a kernel, which becomes the default.
    ///
    /// # Errors
    /// Those of the kernel store.
    pub fn import_kernel(&self, source: KernelSource, name: Option<&str>) -> Result<Kernel, Error> {
        let source = source.resolve()?;
        let kernel = self.kernels.import(&source, name)?;
        Ok(self.shown(kernel))
    }

    /// Adds a kernel beside the others: see [`lazaret_vm::kernel::Store::add`].
    pub(crate) fn add_kernel(
        &self,
        source: KernelSource,
        name: Option<&str>,
    ) -> Result<Kernel, Error> {
        let kernel = self.kernels.add(&source.resolve()?, name)?;
        Ok(self.shown(kernel))
    }

    /// Lists the kernels of the store.
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

    pub(super) fn shown(&self, kernel: lazaret_vm::kernel::Kernel) -> Kernel {
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
