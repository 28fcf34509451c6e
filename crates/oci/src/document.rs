//! Manifests and indexes (image-spec 1.1, manifest.md and image-index.md). They are always kept
//! with the bytes they were parsed from: digests are of those bytes and never of a new encoding.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::null::or_null;
use crate::{Descriptor, Digest, Error, Platform, media_type};

/// Largest manifest that is read or accepted, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// An image or artifact manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Type of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration blob.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(default, deserialize_with = "or_null")]
    pub layers: Vec<Descriptor>,
    /// Descriptor of the manifest that this one refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form annotations.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// The declared artifact type, else the type of the configuration.
    #[must_use]
    pub fn effective_artifact_type(&self) -> &str {
        match self.artifact_type.as_deref() {
            Some(artifact_type) if !artifact_type.is_empty() => artifact_type,
            _ => &self.config.media_type,
        }
    }

    /// All blobs that this manifest needs: the configuration, then the layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }
}

/// A list of manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Type of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests, in order of preference.
    #[serde(default, deserialize_with = "or_null")]
    pub manifests: Vec<Descriptor>,
    /// Descriptor of the manifest that this index refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form annotations.
    #[serde(
        default,
        deserialize_with = "or_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    /// The first manifest that satisfies `platform`. Attestations (platform `unknown/unknown`)
    /// never match. An entry without a platform matches only when it is the only entry.
    #[must_use]
    pub fn select(&self, platform: &Platform) -> Option<&Descriptor> {
        let exact = |entry: &&Descriptor| {
            entry
                .platform
                .as_ref()
                .is_some_and(|have| have.satisfies(platform))
        };
        match &self.manifests[..] {
            [sole] if sole.platform.is_none() => Some(sole),
            entries => entries.iter().find(exact),
        }
    }

    /// The platforms in the index, for error messages.
    #[must_use]
    pub fn platforms(&self) -> Vec<String> {
        self.manifests
            .iter()
            .filter_map(|entry| entry.platform.as_ref())
            .filter(|platform| platform.os != "unknown")
            .map(Platform::to_string)
            .collect()
    }
}

/// The content of a document at a manifest endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestContent {
    /// An image or artifact.
    Manifest(Manifest),
    /// A list of manifests.
    Index(Index),
}

/// A parsed manifest or index with its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestDocument {
    raw: Vec<u8>,
    media_type: String,
    digest: Digest,
    content: ManifestContent,
}

/// The members that tell manifests and indexes apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    media_type: Option<String>,
    config: Option<serde::de::IgnoredAny>,
    manifests: Option<serde::de::IgnoredAny>,
}

impl ManifestDocument {
    /// Parses a document that was sent as `content_type` (`None`: the content decides).
    ///
    /// # Errors
    /// [`Error::ManifestTooLarge`] or [`Error::Manifest`]. A `mediaType` member that differs
    /// from the transport's type is an error, and so are a type that no manifest has, and a
    /// document that is both a manifest and an index (CVE-2021-41190).
    pub fn parse(raw: Vec<u8>, content_type: Option<&str>) -> Result<Self, Error> {
        if raw.len() > MAX_MANIFEST_BYTES {
            return Err(Error::ManifestTooLarge {
                bytes: raw.len(),
                limit: MAX_MANIFEST_BYTES,
            });
        }
        let invalid = |reason: String| Error::Manifest { reason };
        let outline: Outline =
            serde_json::from_slice(&raw).map_err(|error| invalid(error.to_string()))?;
        if outline.config.is_some() && outline.manifests.is_some() {
            return Err(invalid("it has both 'config' and 'manifests'".to_owned()));
        }
        let declared = content_type
            .map(media_type::essence)
            .filter(|t| is_specific(t));
        if let (Some(header), Some(member)) = (&declared, &outline.media_type)
            && header != member
        {
            return Err(invalid(format!(
                "its mediaType '{member}' differs from the content type '{header}'"
            )));
        }
        // A registry serves it under this type: nothing else than a manifest's, such as
        // `text/html`, may come out.
        let unknown = |kind: &&String| !media_type::is_manifest(kind);
        if let Some(kind) = declared.iter().chain(&outline.media_type).find(unknown) {
            return Err(invalid(format!("'{kind}' is no type of a manifest")));
        }
        let is_index = outline.manifests.is_some();
        let media_type = declared.or(outline.media_type).unwrap_or_else(|| {
            if is_index {
                media_type::INDEX
            } else {
                media_type::MANIFEST
            }
            .to_owned()
        });
        let content = if media_type::is_index(&media_type) || is_index {
            ManifestContent::Index(parse_json(&raw)?)
        } else {
            ManifestContent::Manifest(parse_json(&raw)?)
        };
        let version = match &content {
            ManifestContent::Manifest(manifest) => manifest.schema_version,
            ManifestContent::Index(index) => index.schema_version,
        };
        if version != 2 {
            return Err(invalid(format!("schemaVersion is {version}, not 2")));
        }
        let digest = Digest::of(&raw);
        Ok(Self {
            raw,
            media_type,
            digest,
            content,
        })
    }

    /// Encodes a manifest that was made here. The encoding is canonical: the same manifest always
    /// gives the same bytes.
    #[must_use]
    pub fn of_manifest(manifest: Manifest) -> Self {
        let raw = serde_json::to_vec(&manifest).expect("manifests have string keys only");
        let media_type = manifest
            .media_type
            .clone()
            .unwrap_or_else(|| media_type::MANIFEST.to_owned());
        let digest = Digest::of(&raw);
        Self {
            raw,
            media_type,
            digest,
            content: ManifestContent::Manifest(manifest),
        }
    }

    /// The exact bytes.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The media type under which it is sent and stored.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// SHA-256 of the exact bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The parsed content.
    #[must_use]
    pub fn content(&self) -> &ManifestContent {
        &self.content
    }

    /// The manifest, or `None` for an index.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        match &self.content {
            ManifestContent::Manifest(manifest) => Some(manifest),
            ManifestContent::Index(_) => None,
        }
    }

    /// Descriptor of the manifest that this document refers to.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            ManifestContent::Manifest(manifest) => manifest.subject.as_ref(),
            ManifestContent::Index(index) => index.subject.as_ref(),
        }
    }

    /// A descriptor that points to it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest.clone(), self.raw.len() as u64)
    }
}

/// Whether a media type determines the kind of document, which generic types do not.
fn is_specific(media_type: &str) -> bool {
    !matches!(
        media_type,
        "" | "application/json" | "application/octet-stream" | "text/plain" | "*/*"
    )
}

fn parse_json<T: serde::de::DeserializeOwned>(raw: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(raw).map_err(|error| Error::Manifest {
        reason: error.to_string(),
    })
}
