//! The kernel of machines for which nobody has chosen one: the default of the store, and in an empty
//! store one that is fetched, once for all commands that need it at a time.
//!
//! ```text
//! the default of the store
//!   none yet -> lock -> looked for again
//!                       -> the one that the settings name       catalogue, file, registry
//!                       -> the first one of the catalogues
//!                       -> the distribution's cloud kernel      downloaded by its package tool
//! ```

use std::fs::File;

use lazaret_vm::kernel::Kernel as Bootable;

use super::distribution;
use super::kind::{Kernel, KernelSource};
use crate::settings::KernelOrigin;
use crate::{Error, Home, ProgressSink, blocking};

/// A kernel that was fetched because none was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedKernel {
    /// Its name in the store, whose default it is.
    pub name: String,
    /// Where it came from.
    pub origin: String,
}

impl Home {
    /// The kernel that machines get when none is named. In an empty store one is fetched, which asks
    /// nothing, needs no rights and installs nothing.
    ///
    /// # Errors
    /// [`lazaret_vm::Error::NoKernel`] when the settings forbid it, [`Error::NoKernelFound`], those of
    /// the kernel store, the catalogue and the registry.
    pub async fn provide_kernel(
        &self,
        progress: &ProgressSink,
    ) -> Result<(Kernel, Option<FetchedKernel>), Error> {
        let (kernel, fetched) = self.bootable_kernel(progress).await?;
        Ok((self.shown(kernel), fetched))
    }

    /// [`Home::provide_kernel`], with its files.
    pub(crate) async fn bootable_kernel(
        &self,
        progress: &ProgressSink,
    ) -> Result<(Bootable, Option<FetchedKernel>), Error> {
        let missing = match self.kernels.default_kernel() {
            Err(error @ lazaret_vm::Error::NoKernel) => error,
            found => return Ok((found?, None)),
        };
        if self.settings.kernel_origin == KernelOrigin::Never {
            return Err(missing.into());
        }
        let _one_at_a_time = self.lock_fetching().await?;
        // Another command may have been faster.
        if let Ok(kernel) = self.kernels.default_kernel() {
            return Ok((kernel, None));
        }
        let (name, origin) = self.fetch_any(progress).await?;
        // Also if the store has other kernels by now, which nobody has chosen.
        let kernel = self.kernels.get(&name)?;
        Ok((kernel, Some(FetchedKernel { name, origin })))
    }

    /// Imports a kernel from the first origin that has one; returns its name and that origin.
    async fn fetch_any(&self, progress: &ProgressSink) -> Result<(String, String), Error> {
        if let KernelOrigin::Named(wanted) = &self.settings.kernel_origin {
            let name = self.ensure_kernel(wanted, progress).await?;
            return Ok((name, wanted.clone()));
        }
        if let Some(wanted) = self.first_catalogue_kernel()? {
            let name = self.ensure_kernel(&wanted, progress).await?;
            return Ok((name, format!("'{wanted}' of a catalogue")));
        }
        let (path, place) = (&self.settings.search_path, self.scratch.path()?);
        let package = distribution::fetch(path, place, progress).await;
        let package = package.map_err(|reason| Error::NoKernelFound { reason })?;
        let (kernels, origin) = (self.kernels.clone(), package.to_string());
        let added = blocking(move || {
            let source = KernelSource::File(package.file.clone()).resolve()?;
            Ok(kernels.add(&source, None)?)
        });
        Ok((added.await?.name, origin))
    }

    /// Waits until no other command fetches a kernel.
    async fn lock_fetching(&self) -> Result<File, Error> {
        let folder = self.settings.data.clone();
        blocking(move || {
            std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            let path = folder.join("kernels.lock");
            let file = File::options().create(true).append(true).open(&path);
            let locked = file.and_then(|file| file.lock().map(|()| file));
            locked.map_err(Error::io("lock", &path))
        })
        .await
    }
}
