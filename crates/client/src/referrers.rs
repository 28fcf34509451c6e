//! `GET /v2/<name>/referrers/<digest>`, and the fallback tag of registries without it
//! (distribution-spec 1.1, "Listing Referrers", "Pushing Manifests with Subject").

use lazaret_oci::{
    Descriptor, Digest, Index, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument, Reference,
    media_type,
};

use crate::call::Call;
use crate::pages::Pages;
use crate::resolve::accept;
use crate::{Client, Error, client};

impl Client {
    /// The manifests that refer to `subject`, of one artifact type if given. Direct ones only:
    /// who follows them further must watch for cycles.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]: no referrers are an empty list.
    pub async fn referrers(
        &self,
        reference: &Reference,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let call = Call::on(
            reference,
            format!("list referrers of {}@{subject}", reference.base()),
        );
        let path = client::path(reference, &format!("referrers/{subject}"));
        let mut pages = Pages::new(self, &call, self.url(&reference.registry, &path));
        let mut found: Vec<Descriptor> = Vec::new();
        loop {
            let page = match pages.next(MAX_MANIFEST_BYTES, accept()).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // The specification says 404; registries without the API also say 400 or 405.
                Err(Error::NotFound { .. } | Error::Invalid { .. }) if pages.is_first() => {
                    found = self.fallback(reference, subject).await?;
                    break;
                }
                Err(error) => return Err(error),
            };
            let index: Index = serde_json::from_slice(&page)
                .map_err(|_| call.protocol("gave a list of referrers that is no index"))?;
            pages.count(index.manifests.len())?;
            found.extend(index.manifests);
        }
        if let Some(wanted) = artifact_type {
            // Filtering by the server is optional, and nobody needs to believe it.
            found.retain(|entry| entry.artifact_type.as_deref() == Some(wanted));
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|entry| seen.insert(entry.digest.clone()));
        Ok(found)
    }

    async fn fallback(
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
    /// offer no atomic update, so the result is read back, and written again when somebody
    /// else's update won.
    pub(crate) async fn record_referrer(
        &self,
        reference: &Reference,
        subject: &Descriptor,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        const TRIES: u32 = 8;
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
            let mut entries = self.fallback(reference, &subject.digest).await?;
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
                annotations: std::collections::BTreeMap::new(),
            };
            let raw = serde_json::to_vec(&index).expect("indexes have string keys only");
            let list = ManifestDocument::parse(raw, Some(media_type::INDEX)).map_err(|source| {
                Error::Document {
                    registry: reference.registry.to_string(),
                    operation: format!("record {} as a referrer", entry.digest),
                    source,
                }
            })?;
            self.put_manifest(&place, &list).await?;
        }
        let entries = self.fallback(reference, &subject.digest).await?;
        if entries.iter().any(|have| have.digest == entry.digest) {
            return Ok(());
        }
        Err(Call::on(reference, format!("record a referrer in {place}"))
            .protocol("keeps losing the list of referrers to other clients"))
    }
}

/// The reference of `<algorithm>-<hex>`, cut to the length of a tag.
fn fallback_tag(reference: &Reference, subject: &Digest) -> Reference {
    let hex: String = subject.hex().chars().take(64).collect();
    Reference {
        registry: reference.registry.clone(),
        repository: reference.repository.clone(),
        tag: format!("{}-{hex}", subject.algorithm().name()).parse().ok(),
        digest: None,
    }
}
