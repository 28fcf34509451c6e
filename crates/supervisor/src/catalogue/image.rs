//! Prebuilt images: fetched, verified and unpacked into the store.

use lazaret_images::{ImageRecord, ImageStore, Lease};
use lazaret_oci::Reference;
use tempfile::NamedTempFile;

use super::bundle;
use super::document::CatalogueImage;
use crate::image::{Image, local_name};
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Fetches the prebuilt image of that name into the store; `None` when no catalogue has it.
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
            // Checked again: the download may have taken long.
            refuse_other(&store, &reference)?;
            store.put(&record)?;
            Ok(record)
        })
        .await
    }
}

/// Refuses a name under which the user imported an image: that one is never replaced.
fn refuse_other(images: &ImageStore, reference: &Reference) -> Result<(), Error> {
    match images.get(&reference.to_string())? {
        Some(old) if old.prebuilt.is_none() => Err(Error::ImageExists { name: old.name }),
        _ => Ok(()),
    }
}
