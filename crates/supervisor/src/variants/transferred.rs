//! The result of a transfer.

use std::path::PathBuf;

use lazaret_oci::Digest;
use lazaret_variants::{BackendSettings, Selector};
use serde::Serialize;

use super::item::{Content, Item, Part};
use crate::Error;

/// What was moved from where to where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transferred {
    /// `kernel` or `guest-image`.
    pub kind: &'static str,
    /// Name of the artifact.
    pub artifact: String,
    /// `registry/repository:version`.
    pub reference: String,
    /// The variant.
    pub selector: Selector,
    /// The store, in words.
    pub backend: String,
    /// The file.
    #[serde(flatten)]
    pub file: MovedFile,
    /// The initial RAM disk beside a guest image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initrd: Option<MovedFile>,
    /// The initial RAM disk that lies beside the pulled image and is not of it, because the store has
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_initrd: Option<PathBuf>,
}

/// A file that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovedFile {
    /// The user's file.
    pub local_path: PathBuf,
    /// Where the store has it: a path, or a reference.
    pub store_path: String,
    /// The copy that this machine keeps.
    pub cache_path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// The digest.
    pub digest: Digest,
}

impl Transferred {
    /// A transfer of these contents to or from the store with these settings.
    pub(super) fn new(
        item: &Item,
        settings: &BackendSettings,
        contents: &[Content],
    ) -> Result<Self, Error> {
        let moved = |part| {
            let content = contents.iter().find(|content| content.part == part);
            let file = content.map(|content| {
                Ok::<_, Error>(MovedFile {
                    local_path: item.local(part),
                    store_path: item.stored_at(settings, part)?,
                    cache_path: item.cache().path(item.store_path(part)?.as_str()),
                    bytes: content.size,
                    digest: content.digest.clone(),
                })
            });
            file.transpose()
        };
        let file = moved(Part::Main)?.ok_or_else(|| Error::Io {
            action: "move the file".to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        Ok(Self {
            kind: item.kind().as_str(),
            artifact: item.artifact.name.clone(),
            reference: item.reference().to_string(),
            selector: item.selector,
            backend: settings.to_string(),
            file,
            initrd: moved(Part::Initrd)?,
            stale_initrd: None,
        })
    }
}
