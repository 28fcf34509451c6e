//! Asks the registry's rules about what was fetched, and fetches what they want to see.
//!
//! ```text
//! refused? -> fetch the tag of the evidence -> refused? -> fetch referrers that are evidence -> refused!
//! ```
//! Evidence is kept in the repository of its subject like anything else, so it is fetched once. It is
//! not judged by evidence of its own.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lazaret_content::StoredManifest;
use lazaret_oci::{Digest, ManifestDocument, Tag};

use crate::Error;
use crate::inspector::Evidence;
use crate::manifests::Found;
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::Stage;

/// The places of evidence, the cheaper one first.
#[derive(Debug, Clone, Copy)]
enum Place {
    Tag,
    Referrers,
}

impl Mirror {
    /// Asks whether a manifest may be kept and served.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it may not; others when the upstream does not tell whether there is
    /// evidence for it.
    pub(crate) async fn inspect(
        self: &Arc<Self>,
        passage: &Passage,
        tag: Option<&Tag>,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let (inspector, repository) = (&self.inspector, &passage.repository);
        let Some(mut reason) = inspector.refusal(repository, tag, document).await else {
            return Ok(());
        };
        // Without a cache nothing is here that rules could look at.
        let evidence = inspector.evidence(repository, tag, document.digest());
        if let Some(evidence) = evidence.filter(|_| passage.lane.has(&Stage::Cache)) {
            for place in [Place::Tag, Place::Referrers] {
                let digest = document.digest().clone();
                let gathering = self.gather(passage.clone(), digest, evidence.clone(), place);
                if !gathering.await? {
                    continue;
                }
                match inspector.refusal(repository, tag, document).await {
                    None => return Ok(()),
                    Some(again) => reason = again,
                }
            }
        }
        Err(Error::Forbidden { reason })
    }

    /// Fetches the evidence of one place; returns whether there is any. Its type is written out because
    /// evidence is fetched by what calls [`Self::inspect`].
    fn gather(
        self: &Arc<Self>,
        passage: Passage,
        subject: Digest,
        evidence: Evidence,
        place: Place,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        let mirror = Arc::clone(self);
        async move {
            let manifests = match place {
                Place::Tag => mirror.tagged(&passage, &evidence).await?,
                Place::Referrers => mirror.referring(&passage, &subject, &evidence).await?,
            };
            for manifest in &manifests {
                mirror.bring_blobs(&passage, manifest, &evidence).await?;
            }
            Ok(!manifests.is_empty())
        }
        .boxed()
    }

    async fn tagged(
        self: &Arc<Self>,
        passage: &Passage,
        evidence: &Evidence,
    ) -> Result<Vec<StoredManifest>, Error> {
        let Some(tag) = &evidence.tag else {
            return Ok(Vec::new());
        };
        let found = there(self.by_tag(passage, tag).await)?;
        Ok(found.into_iter().collect())
    }

    async fn referring(
        self: &Arc<Self>,
        passage: &Passage,
        subject: &Digest,
        evidence: &Evidence,
    ) -> Result<Vec<StoredManifest>, Error> {
        let referrers = self.referrers_upstream(passage, subject).await?;
        let wanted = referrers
            .iter()
            .filter(|entry| entry.artifact_type.as_ref() == Some(&evidence.artifact_type));
        let mut manifests = Vec::new();
        for entry in wanted.take(evidence.most) {
            manifests.extend(there(self.by_digest(passage, &entry.digest).await)?);
        }
        Ok(manifests)
    }

    /// Fetches the blobs of evidence that rules would read.
    async fn bring_blobs(
        self: &Arc<Self>,
        passage: &Passage,
        manifest: &StoredManifest,
        evidence: &Evidence,
    ) -> Result<(), Error> {
        let document = ManifestDocument::parse(manifest.bytes.to_vec(), Some(&manifest.media_type));
        let Ok(document) = document else {
            return Ok(());
        };
        let layers = document.manifest().into_iter();
        let layers = layers.flat_map(|manifest| &manifest.layers);
        let wanted = layers.filter(|layer| {
            layer.media_type == evidence.blob_type && layer.size <= evidence.blob_bytes
        });
        for layer in wanted.take(evidence.most) {
            match self.bring(passage.clone(), &layer.digest).await {
                // A blob that is gone, or has other bytes, is none.
                Ok(_) | Err(Error::NotFound { .. } | Error::Integrity { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What was found. Evidence that the rules do not let in is none.
fn there(found: Result<Found, Error>) -> Result<Option<StoredManifest>, Error> {
    match found {
        Ok(found) => Ok(Some(found.manifest)),
        Err(Error::NotFound { .. } | Error::Forbidden { .. } | Error::Integrity { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
