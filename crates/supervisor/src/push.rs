//! `push`: copies any source to a registry, first the blobs, then the manifests that name them.

mod artifact;
mod images;
mod publish;
mod pushed;

use std::path::PathBuf;

use lazaret_artifacts::Family;
use lazaret_oci::Reference;

use crate::source_name::SourceName;
use crate::{Error, Home, ProgressSink, Setting};

pub use pushed::Pushed;

/// Extensions of files that are meant as archives.
const ARCHIVES: [&str; 6] = ["tar", "tgz", "gz", "zst", "xz", "bz2"];

/// The source and the destination of a push.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// An artifact file, an OCI layout (folder or tar), a `docker save` tar, or the name of a
    /// cached image.
    pub source: String,
    /// The destination.
    pub reference: Reference,
    /// The family, when the repository does not determine it.
    pub family: Option<Family>,
    /// File or folder that becomes the artifact's content.
    pub content: Option<PathBuf>,
    /// Whether an artifact without content may replace one with content.
    pub drops_content: bool,
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
        let source = self.source(&request.source)?;
        if let SourceName::File(path) = &source {
            let extension = path.extension().and_then(|extension| extension.to_str());
            if extension.is_some_and(|extension| ARCHIVES.contains(&extension)) {
                return Err(Error::Source {
                    path: path.clone(),
                    reason: "it is no archive of images, and artifacts are YAML or JSON".to_owned(),
                });
            }
            let family = family(request.family, &reference)?;
            if request.content.is_none() && !request.drops_content {
                artifact::check_content(self, family, &reference).await?;
            }
            return artifact::push(self, path, family, &reference, request.content, progress).await;
        }
        if request.family.is_some() {
            return Err(artifacts_only(Setting::Family, &request.source));
        }
        if request.content.is_some() {
            return Err(artifacts_only(Setting::Content, &request.source));
        }
        let (source, wanted) = self
            .open_images(source)
            .await
            .map_err(|error| match error {
                Error::ImageNotFound { name } => Error::SourceNotFound { name },
                error => error,
            })?;
        images::push(self, &*source, &wanted, &reference, progress).await
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
