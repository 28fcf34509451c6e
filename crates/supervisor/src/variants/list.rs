//! Lists the artifacts of a document, and which of their files this machine has.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_files::open_regular;
use lazaret_oci::Digest;
use lazaret_variants::{Document, Selector};
use serde::Serialize;

use super::item::{Item, Part, VariantRequest};
use crate::Error;
use crate::hash::copy_hashed;

/// An artifact with its variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedArtifact {
    /// Its name.
    pub name: String,
    /// `kernel` or `guest-image`.
    pub kind: &'static str,
    /// `registry/repository:version`.
    pub reference: String,
    /// Its variants, in the order of the document.
    pub variants: Vec<ListedVariant>,
}

/// A variant and where its file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedVariant {
    /// Which variant.
    pub selector: Selector,
    /// Where the file is.
    pub availability: Availability,
    /// Whether the user's path has it.
    pub local_present: bool,
    /// Whether the cache has it.
    pub cache_present: bool,
    /// The user's path.
    pub local_path: PathBuf,
    /// The path in the cache.
    pub cache_path: PathBuf,
}

/// Where a variant's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// At the user's path.
    Local,
    /// In the cache alone.
    CacheOnly,
    /// Nowhere on this machine.
    Missing,
}

impl Availability {
    /// The word of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::CacheOnly => "cache-only",
            Self::Missing => "missing",
        }
    }
}

/// Lists all artifacts of a document; only regular files count as present.
///
/// # Errors
/// When the name of a variant's file cannot be that of one in a store.
pub fn list_variants(document: &Document) -> Result<Vec<ListedArtifact>, Error> {
    let artifacts = document.artifacts().map(|artifact| {
        let items = artifact.variants.iter().map(|v| Item::of(artifact, v));
        let variants = items.map(|item| listed(&item?));
        Ok(ListedArtifact {
            name: artifact.name.clone(),
            kind: artifact.kind.as_str(),
            reference: artifact.reference.to_string(),
            variants: variants.collect::<Result<_, Error>>()?,
        })
    });
    artifacts.collect()
}

/// A variant with all that the document and this machine know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectedVariant {
    /// `kernel` or `guest-image`.
    pub kind: &'static str,
    /// Name of the artifact.
    pub artifact: String,
    /// `registry/repository:version`.
    pub reference: String,
    /// Which variant, and where its file is.
    #[serde(flatten)]
    pub variant: ListedVariant,
    /// The user's file, if it is there.
    pub local: Option<Contained>,
    /// The file of the cache, if it is there.
    pub cache: Option<Contained>,
    /// The store to which it is pushed, in words.
    pub push_backend: String,
    /// Where that store has it.
    pub push_store_path: String,
    /// The store from which it is pulled, in words.
    pub pull_backend: String,
    /// Where that store has it.
    pub pull_store_path: String,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contained {
    /// Size in bytes.
    pub bytes: u64,
    /// The digest.
    pub digest: Digest,
}

/// Looks at one variant; nothing is sent.
///
/// # Errors
/// When the document has no such variant, or a file cannot be read.
pub fn inspect_variant(
    document: &Document,
    request: &VariantRequest,
) -> Result<InspectedVariant, Error> {
    let item = Item::find(document, request)?;
    let variant = listed(&item)?;
    let contained = |file: Option<File>, path: &Path| {
        let hashed = file.map(|mut file| copy_hashed(&mut file, &mut std::io::sink()));
        let hashed = hashed.transpose().map_err(Error::io("read", path))?;
        Ok::<_, Error>(hashed.map(|(digest, bytes)| Contained { bytes, digest }))
    };
    let local = open_regular(&variant.local_path).ok();
    let cache = item.cache().open(item.store_path(Part::Main)?.as_str())?;
    let distribution = &item.artifact.distribution;
    Ok(InspectedVariant {
        kind: item.kind().as_str(),
        artifact: item.artifact.name.clone(),
        reference: item.reference().to_string(),
        local: contained(local, &variant.local_path)?,
        cache: contained(cache, &variant.cache_path)?,
        variant,
        push_backend: distribution.push.to_string(),
        push_store_path: item.stored_at(&distribution.push, Part::Main)?,
        pull_backend: distribution.pull.to_string(),
        pull_store_path: item.stored_at(&distribution.pull, Part::Main)?,
    })
}

fn listed(item: &Item) -> Result<ListedVariant, Error> {
    let (cache, path) = (item.cache(), item.store_path(Part::Main)?);
    let cache_present = matches!(cache.open(path.as_str()), Ok(Some(_)));
    let local_path = item.local(Part::Main);
    let local_present = open_regular(&local_path).is_ok();
    Ok(ListedVariant {
        selector: item.selector,
        availability: match (local_present, cache_present) {
            (true, _) => Availability::Local,
            (false, true) => Availability::CacheOnly,
            (false, false) => Availability::Missing,
        },
        local_present,
        cache_present,
        local_path,
        cache_path: cache.path(path.as_str()),
    })
}
