//! The fallback tag of registries without the referrers API: an index of the referrers of a
//! manifest (distribution-spec 1.1, "Pushing Manifests with Subject").

use std::collections::BTreeMap;

use lazaret_oci::{
    Descriptor, Digest, Index, ManifestContent, ManifestDocument, Reference, media_type,
};

use crate::call::Call;
use crate::{Client, Error};

/// Most tries to write a change, because another client may overwrite it.
const TRIES: u32 = 8;

impl Client {
    /// The referrers that the fallback tag of `subject` lists.
    pub(super) async fn fallback_referrers(
        &self,
        reference: &Reference,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        match self.manifest(&fallback_tag(reference, subject)).await {
            Ok(document) => match document.content() {
                ManifestContent::Index(index) => Ok(index.manifests.clone()),
                ManifestContent::Manifest(_) => Ok(Vec::new()),
            },
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds a manifest to the fallback tag of its subject. Registries without the referrers API
    /// have no atomic update, so the result is read back, and written again when another
    /// client has overwritten it.
    pub(super) async fn record_referrer(
        &self,
        reference: &Reference,
        subject: &Descriptor,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let place = fallback_tag(reference, &subject.digest);
        let mut entry = document.descriptor();
        match document.content() {
            ManifestContent::Manifest(manifest) => {
                entry.artifact_type = Some(manifest.effective_artifact_type().to_owned());
                entry.annotations.clone_from(&manifest.annotations);
            }
            ManifestContent::Index(index) => {
                entry.artifact_type.clone_from(&index.artifact_type);
                entry.annotations.clone_from(&index.annotations);
            }
        }
        for _ in 0..TRIES {
            let mut entries = self.fallback_referrers(reference, &subject.digest).await?;
            if entries.iter().any(|have| have.digest == entry.digest) {
                return Ok(());
            }
            entries.push(entry.clone());
            let index = Index {
                schema_version: 2,
                media_type: Some(media_type::INDEX.to_owned()),
                artifact_type: None,
                manifests: entries,
                subject: None,
                annotations: BTreeMap::new(),
            };
            let raw = serde_json::to_vec(&index).expect("indexes have string keys only");
            let list = ManifestDocument::parse(raw, Some(media_type::INDEX)).map_err(|source| {
                Error::Document {
                    registry: reference.registry.to_string(),
                    operation: format!("record {} as a referrer", entry.digest),
                    source,
                }
            })?;
            self.put_manifest(&place, None, &list).await?;
        }
        let entries = self.fallback_referrers(reference, &subject.digest).await?;
        if entries.iter().any(|have| have.digest == entry.digest) {
            return Ok(());
        }
        Err(Call::on(reference, format!("record a referrer in {place}"))
            .protocol("keeps losing the list of referrers to other clients"))
    }
}

/// The reference of the tag `<algorithm>-<hex>`, cut to the maximum length of a tag.
fn fallback_tag(reference: &Reference, subject: &Digest) -> Reference {
    let hex: String = subject.hex().chars().take(64).collect();
    Reference {
        registry: reference.registry.clone(),
        repository: reference.repository.clone(),
        tag: format!("{}-{hex}", subject.algorithm().name()).parse().ok(),
        digest: None,
    }
}
