//! Reads images from a layout.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use lazaret_files::blocking;
use lazaret_oci::{Descriptor, Digest, ManifestDocument, media_type};

use super::files::Files;
use super::folder::Folder;
use super::names::{INDEX, blob as blob_name};
use super::roots::Roots;
use crate::blob::{Blob, FileRange};
use crate::document::{known_as, parse, read, referrer};
use crate::error::{Error, unusable};
use crate::{Source, Wanted};

/// A layout, as a source of images.
#[derive(Clone)]
pub struct Layout(Arc<dyn Files>);

impl Layout {
    /// Opens the layout in a folder.
    ///
    /// # Errors
    /// [`Error::Source`] when there is no layout.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        if Folder::is_at(folder) {
            return Ok(Self::of(Folder::new(folder)));
        }
        let reason = "the folder is no OCI layout: it has no oci-layout and index.json";
        Err(unusable(folder, reason))
    }

    /// The layout that consists of these files.
    pub(crate) fn of(files: impl Files + 'static) -> Self {
        Self(Arc::new(files))
    }

    /// Runs blocking work with the layout on another thread.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        blocking(move || work(&this)).await
    }

    fn roots(&self) -> Result<Roots, Error> {
        let place = self.0.place();
        let index = self.0.file(INDEX)?;
        let index = index.ok_or_else(|| unusable(place, "it has no index.json"))?;
        Roots::parse(&read(&index)?, place)
    }

    fn find(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let roots = self.roots()?;
        if let Some(root) = roots.find(wanted, self.0.place())? {
            return Ok(root.clone());
        }
        let Wanted::Digest(digest) = wanted else {
            return Err(unusable(self.0.place(), "it holds no image"));
        };
        // It is not a root, but may be part of one.
        let document = self.document(&Descriptor::new("", digest.clone(), 0))?;
        Ok(known_as(&document, digest))
    }

    fn file(&self, digest: &Digest) -> Result<FileRange, Error> {
        let place = self.0.place();
        let found = self.0.file(&blob_name(digest))?;
        found.ok_or_else(|| unusable(place, format!("blob {digest} is missing")))
    }

    fn document(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let range = self.file(&descriptor.digest)?;
        parse(read(&range)?, descriptor, range.name())
    }

    fn referring_to(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let mut found = Vec::new();
        for root in self.roots()?.0 {
            let kind = &root.media_type;
            if !media_type::is_index(kind) && kind != media_type::MANIFEST {
                continue;
            }
            let document = self.document(&root)?;
            let refers = document
                .subject()
                .is_some_and(|have| have.digest == *subject);
            if refers {
                found.push(referrer(&document, &root.digest));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Source for Layout {
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let wanted = wanted.clone();
        self.with(move |this| this.find(&wanted)).await
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let descriptor = descriptor.clone();
        self.with(move |this| this.document(&descriptor)).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let descriptor = descriptor.clone();
        let open = move |this: &Self| {
            let range = this.file(&descriptor.digest)?;
            Blob::of_range(descriptor, range)
        };
        self.with(open).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let subject = subject.clone();
        self.with(move |this| this.referring_to(&subject)).await
    }
}
