//! What is moved: one variant of one artifact, and its files.

use std::path::{Path, PathBuf};

use lazaret_files::Beneath;
use lazaret_images::FileRange;
use lazaret_oci::Digest;
use lazaret_variants::{
    Artifact, ArtifactKind, ArtifactReference, BackendSettings, Document, INITRD, Selector,
    StorePath, Transfer, Variant,
};

use crate::Error;

/// Which variant of which artifact.
#[derive(Debug, Clone)]
pub struct VariantRequest {
    /// Name of the artifact in the document.
    pub artifact: String,
    /// The variant; `native` is this machine's architecture.
    pub selector: Selector,
}

/// The parts of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The kernel, or the disk of a guest image.
    Main,
    /// The initial RAM disk beside a guest image.
    Initrd,
}

/// A variant that the document has.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) artifact: Artifact,
    /// The variant, without `native`.
    pub(super) selector: Selector,
    /// Its file, from the working directory.
    pub(super) local: PathBuf,
    filename: String,
}

/// The content of a part, in a file that stays open.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) part: Part,
    pub(super) range: FileRange,
    pub(super) digest: Digest,
    /// Size in bytes.
    pub(super) size: u64,
}

impl Item {
    /// Finds the variant in the document.
    pub(super) fn find(document: &Document, request: &VariantRequest) -> Result<Self, Error> {
        let artifact = document.artifact(&request.artifact)?;
        Self::of(artifact, artifact.variant(request.selector)?)
    }

    /// A variant of an artifact.
    pub(super) fn of(artifact: &Artifact, variant: &Variant) -> Result<Self, Error> {
        // Every name is checked before anything is moved.
        StorePath::new(&artifact.reference, variant.selector, &variant.filename)?;
        Ok(Self {
            artifact: artifact.clone(),
            selector: variant.selector,
            local: variant.path.clone(),
            filename: variant.filename.clone(),
        })
    }

    pub(super) fn kind(&self) -> ArtifactKind {
        self.artifact.kind
    }

    pub(super) fn reference(&self) -> &ArtifactReference {
        &self.artifact.reference
    }

    /// Name of the file of a part.
    pub(super) fn filename(&self, part: Part) -> &str {
        match part {
            Part::Main => &self.filename,
            Part::Initrd => INITRD,
        }
    }

    /// Where a part is beneath the root of a store.
    pub(super) fn store_path(&self, part: Part) -> Result<StorePath, Error> {
        let filename = self.filename(part);
        Ok(StorePath::new(self.reference(), self.selector, filename)?)
    }

    /// The transfer of a part to or from a control plane.
    pub(super) fn transfer(&self, control_plane: &str, part: Part) -> Result<Transfer, Error> {
        Ok(Transfer::new(
            control_plane,
            &self.artifact.name,
            self.reference(),
            self.selector,
            self.filename(part),
        )?)
    }

    /// Where a store has a part: a path, or a reference.
    pub(super) fn stored_at(
        &self,
        settings: &BackendSettings,
        part: Part,
    ) -> Result<String, Error> {
        Ok(match settings {
            BackendSettings::FileSystem { root } => {
                let path = root.join(self.store_path(part)?.as_str());
                path.display().to_string()
            }
            BackendSettings::OciRegistry { .. } => self.reference().remote(self.selector),
            BackendSettings::HostedApi { control_plane, .. } => {
                self.transfer(control_plane, part)?.store_path()
            }
        })
    }

    /// The file of a part, from the working directory.
    pub(super) fn local(&self, part: Part) -> PathBuf {
        match part {
            Part::Main => self.local.clone(),
            Part::Initrd => self.local.with_file_name(INITRD),
        }
    }

    /// The path of a part that tools get as a title: relative, and never leading out.
    pub(super) fn title(&self, part: Part) -> String {
        use std::path::Component;
        let local = self.local(part);
        let is_relative = local
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        let title = local.components().filter_map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        match is_relative {
            true => title.collect::<Vec<_>>().join("/"),
            false => self.filename(part).to_owned(),
        }
    }

    /// The folder of the copies that this machine keeps.
    pub(super) fn cache(&self) -> Beneath {
        Beneath::new(&self.artifact.distribution.cache_root)
    }

    /// The parts that the artifact may have.
    pub(super) fn parts(&self) -> &'static [Part] {
        // The disk comes last: who sees it sees what belongs to it.
        match self.kind() {
            ArtifactKind::Kernel => &[Part::Main],
            ArtifactKind::GuestImage if self.filename == INITRD => &[Part::Main],
            ArtifactKind::GuestImage => &[Part::Initrd, Part::Main],
        }
    }
}

/// The content of a whole open file, with its digest.
pub(super) fn content(
    part: Part,
    file: std::fs::File,
    path: &Path,
    digest: Digest,
) -> Result<Content, Error> {
    let range = FileRange::whole(file, path)?;
    Ok(Content {
        part,
        size: range.length(),
        range,
        digest,
    })
}
