//! Judges referrers and manifests: which are streamable forms of an image. Pure.
//!
//! Source: overlaybd's and turboOCI's converter, ACR artifact streaming, nydus's index entries.

use std::collections::BTreeMap;

use lazaret_oci::{
    Descriptor, Digest, Index, ManifestContent, ManifestDocument, Platform, media_type,
};

use serde::Deserialize;

use crate::formats::Format;

/// The oldest kind of ACR's streamable images, which registries list by the API of ORAS alone.
pub(super) const OLDEST: &str = "dadi.image.v1";
/// Manifests of artifacts, whose content is in `blobs`.
const ARTIFACTS: [&str; 2] = [
    "application/vnd.cncf.oras.artifact.manifest.v1+json",
    "application/vnd.oci.artifact.manifest.v1+json",
];
const LINK: &str = "application/vnd.azure.artifact.streaming.link.v1";
const NYDUS: &str = "application/vnd.nydus.image.manifest.v1+json";
const NYDUS_FEATURE: &str = "nydus.remoteimage.v1";
const NYDUS_BLOB: &str = "application/vnd.oci.image.layer.nydus.blob.v1";
const NYDUS_BOOTSTRAP: &str = "containerd.io/snapshot/nydus-bootstrap";
const OVERLAYBD_DIGEST: &str = "containerd.io/snapshot/overlaybd/blob-digest";
const TURBO_DIGESTS: [&str; 2] = [
    "containerd.io/snapshot/overlaybd/turbo-oci/target-digest",
    "containerd.io/snapshot/overlaybd/fastoci/target-digest",
];

/// Where a referrer leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the streamable image.
    Itself,
    /// It points to it.
    To(Descriptor),
    /// It is a manifest whose `blobs` have it.
    Through,
    /// It says nothing of use.
    Nowhere,
}

/// The referrers that may be of a form, and whose annotations name no other platform.
pub(super) fn candidates(
    referrers: &[Descriptor],
    format: Format,
    types: &[String],
    platform: &Platform,
) -> Vec<Descriptor> {
    let is_of_type = |entry: &&Descriptor| {
        let Some(kind) = entry.artifact_type.as_deref() else {
            return false;
        };
        let looked_for = types.is_empty() || types.iter().any(|wanted| wanted == kind);
        // nydus images refer without a type of their own, and are listed under that of their
        // configuration.
        let is_plain_image = format == Format::Nydus && kind.ends_with("image.config.v1+json");
        (looked_for && format.artifact_types().contains(&kind)) || is_plain_image
    };
    referrers
        .iter()
        .filter(is_of_type)
        .filter(|entry| names_no_other_platform(&entry.annotations, platform))
        .cloned()
        .collect()
}

/// The entries of an index that are of a form, for the platform. `raw` is its JSON, because the
/// features of an operating system are of no use elsewhere.
pub(super) fn of_index(
    index: &Index,
    raw: &[u8],
    format: Format,
    platform: &Platform,
) -> Vec<Descriptor> {
    if format != Format::Nydus {
        return Vec::new();
    }
    let features: Features = serde_json::from_slice(raw).unwrap_or_default();
    let is_marked = |(position, entry): &(usize, &Descriptor)| {
        let features = features.manifests.get(*position);
        let features = features.and_then(|entry| entry.platform.as_ref());
        entry.artifact_type.as_deref() == Some(NYDUS)
            || features.is_some_and(|of| of.features.iter().any(|name| name == NYDUS_FEATURE))
    };
    let fits = |entry: &Descriptor| {
        let of_entry = entry.platform.as_ref();
        of_entry.is_some_and(|of_entry| of_entry.satisfies(platform))
    };
    let entries = index.manifests.iter().enumerate();
    entries
        .filter(is_marked)
        .map(|(_, entry)| entry)
        .filter(|entry| fits(entry))
        .cloned()
        .collect()
}

#[derive(Default, Deserialize)]
struct Features {
    #[serde(default)]
    manifests: Vec<FeaturesOfEntry>,
}

#[derive(Deserialize)]
struct FeaturesOfEntry {
    #[serde(default)]
    platform: Option<FeaturesOfPlatform>,
}

#[derive(Deserialize)]
struct FeaturesOfPlatform {
    #[serde(default, rename = "os.features")]
    features: Vec<String>,
}

/// Where a referrer leads. A link of ACR names its target in annotations.
pub(super) fn link(entry: &Descriptor, format: Format) -> Step {
    if ARTIFACTS.contains(&&entry.media_type[..]) {
        return Step::Through;
    }
    if format != Format::Acr || entry.artifact_type.as_deref() != Some(LINK) {
        return Step::Itself;
    }
    let of = |name: &str| entry.annotations.get(&format!("streaming.{name}"));
    let target = || -> Option<Descriptor> {
        let digest: Digest = of("digest")?.parse().ok()?;
        let size: u64 = of("size")?.parse().ok()?;
        let mut target = Descriptor::new(of("mediaType")?, digest, size);
        target.annotations = entry.annotations.clone();
        Some(target)
    };
    target().map_or(Step::Nowhere, Step::To)
}

/// Where a manifest leads whose content is in `blobs`: to its first image.
pub(super) fn through(entry: &Descriptor, blobs: &[Descriptor]) -> Step {
    let is_image = |blob: &&Descriptor| {
        let kinds = [media_type::MANIFEST, media_type::DOCKER_MANIFEST];
        kinds.contains(&&blob.media_type[..])
    };
    let image = blobs.iter().find(is_image);
    image.map_or(Step::Nowhere, |image| {
        let mut target = image.clone();
        // Both may name a platform.
        for (name, value) in &entry.annotations {
            let own = target.annotations.entry(name.clone());
            own.or_insert_with(|| value.clone());
        }
        Step::To(target)
    })
}

/// Whether a manifest has the shape of a form, and nothing says that it is for another platform.
pub(super) fn is_streamable(
    document: &ManifestDocument,
    format: Format,
    annotations: &BTreeMap<String, String>,
    platform: &Platform,
) -> bool {
    let ManifestContent::Manifest(manifest) = document.content() else {
        return false;
    };
    if !names_no_other_platform(annotations, platform)
        || !names_no_other_platform(&manifest.annotations, platform)
        || manifest.layers.is_empty()
    {
        return false;
    }
    let mut layers = manifest.layers.iter();
    let has = |layer: &Descriptor, name: &str| layer.annotations.contains_key(name);
    match format {
        Format::Overlaybd | Format::Acr => layers.all(|layer| has(layer, OVERLAYBD_DIGEST)),
        Format::Turbo => layers.all(|layer| TURBO_DIGESTS.iter().any(|name| has(layer, name))),
        Format::Nydus => {
            let Some((bootstrap, blobs)) = manifest.layers.split_last() else {
                return false;
            };
            has(bootstrap, NYDUS_BOOTSTRAP)
                && blobs.iter().all(|blob| blob.media_type == NYDUS_BLOB)
        }
    }
}

/// Whether annotations of ACR name this platform, or none.
fn names_no_other_platform(annotations: &BTreeMap<String, String>, platform: &Platform) -> bool {
    let says = |name: &str, wanted: &str| {
        annotations
            .get(&format!("streaming.platform.{name}"))
            .is_none_or(|text| text == wanted)
    };
    says("os", &platform.os)
        && (says("arch", &platform.architecture) && says("architecture", &platform.architecture))
}
