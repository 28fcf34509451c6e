//! The index of all variants, at the bare version. The tags of the variants are the truth: the index
//! is made from them alone, so everybody who makes it from the same tags makes the same bytes.

use lazaret_oci::{Descriptor, Index, media_type as oci};

use crate::{ArtifactKind, ArtifactReference, ProtectionMode, Selector, Substrate, media_type};

/// A variant that has a tag in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedVariant {
    /// Which variant.
    pub selector: Selector,
    /// Type, digest and size of its manifest.
    pub manifest: Descriptor,
}

/// The variant of a tag, when it is one of this artifact's version.
#[must_use]
pub fn variant_of_tag(reference: &ArtifactReference, tag: &str) -> Option<Selector> {
    let rest = tag.strip_prefix(reference.version())?.strip_prefix('-')?;
    let (architecture, rest) = rest.split_once('-')?;
    let (substrate, mode) = rest.rsplit_once('-')?;
    let selector = Selector {
        architecture: architecture.parse().ok()?,
        substrate: substrate.parse::<Substrate>().ok()?,
        protection_mode: mode.parse::<ProtectionMode>().ok()?,
    };
    // `native` is no variant, and other spellings are other tags.
    let is_ours = selector.architecture.platform().is_some();
    (is_ours && reference.variant_tag(selector) == tag).then_some(selector)
}

/// The index of these variants: the default one first, because the first entry of a platform is what
/// clients take that know platforms alone.
#[must_use]
pub fn variant_index(kind: ArtifactKind, mut variants: Vec<TaggedVariant>) -> Index {
    variants.sort_by_key(|variant| {
        let selector = variant.selector;
        (
            selector.protection_mode,
            selector.substrate,
            selector.architecture,
        )
    });
    variants.dedup_by_key(|variant| variant.selector);
    let entry = |variant: TaggedVariant| {
        let selector = variant.selector;
        let mut entry = Descriptor::new(
            &variant.manifest.media_type,
            variant.manifest.digest,
            variant.manifest.size,
        );
        entry.artifact_type = Some(media_type::artifact(kind).to_owned());
        entry.platform = selector.architecture.platform();
        entry.annotations = [
            (media_type::SUBSTRATE, selector.substrate.as_str()),
            (
                media_type::PROTECTION_MODE,
                selector.protection_mode.as_str(),
            ),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        entry
    };
    Index {
        schema_version: 2,
        media_type: Some(oci::INDEX.to_owned()),
        artifact_type: Some(media_type::artifact(kind).to_owned()),
        manifests: variants.into_iter().map(entry).collect(),
        subject: None,
        annotations: std::collections::BTreeMap::new(),
    }
}
