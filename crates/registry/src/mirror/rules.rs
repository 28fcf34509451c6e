//! Applies the rules of repositories to what is fetched.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lazaret_mirror::{Evidence, Inspector};
use lazaret_oci::{Digest, ManifestDocument, Repository, Tag};

use crate::rules::{self, signature};
use crate::stores::Stores;
use crate::terms::SharedTerms;

/// The rules of the registry, as they are now.
pub(crate) struct Rules {
    pub(crate) stores: Stores,
    pub(crate) terms: SharedTerms,
}

impl Inspector for Rules {
    fn refusal<'a>(
        &'a self,
        repository: &'a Repository,
        tag: Option<&'a Tag>,
        document: &'a ManifestDocument,
    ) -> BoxFuture<'a, Option<String>> {
        async move {
            let terms = self.terms.current();
            let rule = terms.rules.of(repository)?;
            let tags: Vec<Tag> = tag.cloned().into_iter().collect();
            let checked = rules::check(&self.stores, rule, repository, document, None, &tags);
            checked.await.err().map(|refusal| refusal.reason())
        }
        .boxed()
    }

    fn evidence(
        &self,
        repository: &Repository,
        tag: Option<&Tag>,
        digest: &Digest,
    ) -> Option<Evidence> {
        let terms = self.terms.current();
        let rule = terms.rules.of(repository)?;
        let tags: Vec<Tag> = tag.cloned().into_iter().collect();
        rules::needs_signature(rule, &tags).then(|| Evidence {
            tag: signature::signature_tag(digest),
            artifact_type: signature::SIGNATURE_TYPE.to_owned(),
            blob_type: signature::PAYLOAD.to_owned(),
            blob_bytes: signature::PAYLOAD_BYTES,
            most: signature::MOST,
        })
    }
}
