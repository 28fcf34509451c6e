//! `artifacts build`.

use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use lazaret_variants::{ArtifactKind, Document, INITRD, Selector};
use serde::Serialize;

use super::lane::{self, BuildSettings};
use super::origin::Asked;
use super::{guest, kernel, place};
use crate::hash::copy_hashed;
use crate::{Error, Home, ProgressSink, blocking};

/// A variant that was built.
#[derive(Debug, Clone, Serialize)]
pub struct BuiltArtifact {
    /// `kernel` or `guest-image`.
    pub kind: &'static str,
    /// Name of the artifact.
    pub name: String,
    /// Its reference.
    pub reference: String,
    /// Which variant.
    pub selector: Selector,
    /// The file.
    pub path: PathBuf,
    /// Its digest.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// Files that were built beside it.
    pub siblings: Vec<PathBuf>,
    /// What it was built from.
    pub source: String,
    /// `uname -r` of a kernel that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

impl Home {
    /// Builds a variant of an artifact, at the path that the document gives.
    ///
    /// # Errors
    /// [`Error::Build`]; those of its sources; [`Error::Io`] and [`Error::Files`] for a place that
    /// takes no file. What was there before stays then.
    pub async fn build_artifact(
        &self,
        document: &Document,
        name: &str,
        selector: Selector,
        settings: &BuildSettings,
        progress: &ProgressSink,
    ) -> Result<BuiltArtifact, Error> {
        let artifact = document.artifact(name).map_err(lane::unknown)?;
        let variant = artifact.variant(selector).map_err(lane::unknown)?;
        let selector = lane::check(variant.selector)?;
        // Refused before anything is fetched.
        place::check(&variant.path)?;
        let mut built = BuiltArtifact {
            kind: artifact.kind.as_str(),
            name: artifact.name.clone(),
            reference: artifact.reference.to_string(),
            selector,
            path: variant.path.clone(),
            digest: Digest::of(b""),
            bytes: 0,
            siblings: Vec::new(),
            source: String::new(),
            release: None,
        };
        match artifact.kind {
            ArtifactKind::Kernel => {
                let ready = self.make_kernel(artifact, selector, settings, Asked::Anew, progress);
                let ready = ready.await?;
                blocking(move || put_kernel(ready, built)).await
            }
            ArtifactKind::GuestImage => {
                let made = self.make_guest(document, artifact, selector, &settings.guest, progress);
                let made = made.await?;
                blocking(move || {
                    put_guest(made, &mut built)?;
                    Ok(built)
                })
                .await
            }
        }
    }
}

/// The modules come first: a kernel that is there has them.
fn put_kernel(ready: kernel::Ready, mut built: BuiltArtifact) -> Result<BuiltArtifact, Error> {
    let beside = place::modules_of(&built.path);
    match &ready.modules {
        Some(modules) => {
            place::write(&beside, modules)?;
            built.siblings.push(beside);
        }
        None => place::remove_old(&beside)?,
    }
    place::write(&built.path, &ready.content)?;
    built.digest = Digest::of(&ready.content);
    built.bytes = ready.content.len() as u64;
    built.source = ready.origin;
    built.release = ready.release;
    Ok(built)
}

fn put_guest(made: guest::Made, built: &mut BuiltArtifact) -> Result<(), Error> {
    let beside = built.path.with_file_name(INITRD);
    let new = place::begin(&built.path)?;
    let written = made.image.write(new.file()?);
    let summary = written.map_err(|error| Error::Build(error.into()))?;
    match &made.initrd {
        Some(initrd) => {
            place::write(&beside, initrd)?;
            built.siblings.push(beside);
        }
        None => place::remove_old(&beside)?,
    }
    new.publish()?;
    built.bytes = summary.size;
    built.digest = digest_of(&built.path)?;
    built.source = made.origin;
    Ok(())
}

/// The digest of a file.
pub(super) fn digest_of(path: &Path) -> Result<Digest, Error> {
    let mut file = lazaret_files::open_regular(path).map_err(Error::io("open", path))?;
    let hashed = copy_hashed(&mut file, &mut std::io::sink());
    Ok(hashed.map_err(Error::io("read", path))?.0)
}
