//! `push`: whatever the source is, blobs first, then the manifests that name them.

mod artifact;
mod image;

use std::path::{Path, PathBuf};

use lazaret_artifacts::Family;
use lazaret_oci::{Digest, Reference};
use serde::Serialize;

use crate::image::source::{ImageSource, split_tag};
use crate::{Error, Home, ProgressSink, Setting};

/// What to push where.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// An artifact file, an OCI layout (folder or tar), a `docker save` tar, or the name of a
    /// cached image.
    pub source: String,
    /// Where to.
    pub reference: Reference,
    /// The family, when the repository does not tell.
    pub family: Option<Family>,
    /// File or folder that becomes the artifact's content.
    pub content: Option<PathBuf>,
}

/// What was pushed.
#[derive(Debug, Clone, Serialize)]
pub struct Pushed {
    /// `image`, `index`, or the family.
    pub kind: String,
    /// Where it is now.
    pub reference: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Bytes of everything it consists of.
    pub size: u64,
    /// Number of layers.
    pub layers: usize,
}

impl Home {
    /// Pushes an artifact or image.
    ///
    /// # Errors
    /// [`Error::InvalidArtifact`] with every fault, before anything is sent; those of reading
    /// the source; those of the registry.
    pub async fn push(
        &self,
        request: PushRequest,
        progress: ProgressSink,
    ) -> Result<Pushed, Error> {
        let reference = request.reference.normalized();
        let (path, tag) = split_tag(&request.source);
        let is_artifact = path.is_file() && !ImageSource::is_tar(&path)?;
        if is_artifact {
            let family = family(request.family, &reference)?;
            return artifact::push(self, &path, family, &reference, request.content, progress)
                .await;
        }
        if request.family.is_some() {
            return Err(artifacts_only(Setting::Family, &request.source));
        }
        if request.content.is_some() {
            return Err(artifacts_only(Setting::Content, &request.source));
        }
        let source = self
            .push_source(&path, tag.as_deref(), &request.source)
            .await?;
        image::push(self, source, &reference, progress).await
    }

    /// The image that a source names: a path, else a name in the store.
    async fn push_source(
        &self,
        path: &Path,
        tag: Option<&str>,
        name: &str,
    ) -> Result<ImageSource, Error> {
        if path.exists() {
            let (store, path, tag) = (self.images.clone(), path.to_owned(), tag.map(str::to_owned));
            return crate::blocking(move || ImageSource::open(&path, tag.as_deref(), &store)).await;
        }
        match self.find_image(name) {
            Ok(record) => ImageSource::stored(&self.images, &record),
            Err(Error::ImageNotFound { .. }) => Err(Error::SourceNotFound {
                name: name.to_owned(),
            }),
            Err(error) => Err(error),
        }
    }
}

fn family(given: Option<Family>, reference: &Reference) -> Result<Family, Error> {
    Ok(Family::infer(
        given.map(Family::name),
        &reference.repository,
    )?)
}

fn artifacts_only(setting: Setting, source: &str) -> Error {
    Error::ArtifactsOnly {
        setting,
        source_name: source.to_owned(),
    }
}
