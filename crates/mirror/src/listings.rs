//! Lists of tags and referrers of upstreams.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt as _;
use lazaret_content::Page;
use lazaret_oci::{Descriptor, Digest, Repository, Tag};

use crate::Error;
use crate::counts::Served;
use crate::manifests::require_pull;
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::{Asked, Resource, Stage};
use crate::programs;

/// Most referrers of one subject that are listed.
const MOST: usize = 10_000;

impl Mirror {
    /// The tags of an upstream's repository, in ASCII order. When the upstream does not answer, those
    /// that are kept.
    ///
    /// # Errors
    /// [`Error`] in all of its forms.
    pub async fn tags(
        self: &Arc<Self>,
        repository: &Repository,
        request: &Asked,
    ) -> Result<Vec<Tag>, Error> {
        let method = request.method;
        let mut passage = self.pass(repository, Resource::Tags, request)?;
        let mut none = String::new();
        programs::consult(&mut passage, Resource::Tags, method, &mut none, None).await?;
        let wanted = passage.wanted();
        let lane = passage.lane.clone();
        let work = async {
            require_pull(&passage)?;
            let upstream = Arc::clone(&passage.upstream);
            let work = move || {
                async move {
                    let ask = upstream.ask(&wanted, |client, reference| {
                        async move { client.tags(&reference).await }.boxed()
                    });
                    let mut tags = ask.await?;
                    tags.sort();
                    tags.dedup();
                    Ok(Arc::new(tags))
                }
                .boxed()
            };
            self.tags.join(repository.clone(), work).await
        };
        let outcome = self.in_time(&passage, work).await;
        match outcome {
            Ok(tags) => {
                self.counts.add(Served::Miss);
                Ok(tags.to_vec())
            }
            Err(error) if lane.has(&Stage::Cache) && is_bridged(&error, &lane) => {
                let page = Page::default();
                let kept = self.store.metadata.tags(repository, page).await?;
                let kept = kept.filter(|kept| !kept.items.is_empty()).ok_or(error)?;
                self.counts.add(Served::Stale);
                Ok(kept.items)
            }
            Err(error) => Err(error),
        }
    }

    /// The referrers of a manifest: those of the upstream, and those that are kept.
    ///
    /// # Errors
    /// [`Error`] in all of its forms. An upstream that does not answer is no error while some are
    /// kept.
    pub async fn referrers(
        self: &Arc<Self>,
        repository: &Repository,
        subject: &Digest,
        request: &Asked,
    ) -> Result<Vec<Descriptor>, Error> {
        let method = request.method;
        let mut passage = self.pass(repository, Resource::Referrers, request)?;
        let mut reference = subject.to_string();
        let resource = Resource::Referrers;
        programs::consult(&mut passage, resource, method, &mut reference, None).await?;
        let mut found: Vec<Descriptor> = Vec::new();
        if passage.lane.has(&Stage::Cache) {
            let page = Page {
                last: None,
                limit: Some(MOST),
            };
            let metadata = &self.store.metadata;
            let kept = metadata.referrers(repository, subject, None, page).await?;
            found = kept.items;
        }
        match self.referrers_upstream(&passage, subject).await {
            Ok(others) => {
                let known: BTreeSet<Digest> =
                    found.iter().map(|entry| entry.digest.clone()).collect();
                let new = |entry: &&Descriptor| !known.contains(&entry.digest);
                found.extend(others.iter().filter(new).cloned());
                self.counts.add(Served::Miss);
            }
            Err(error) if found.is_empty() => return Err(error),
            Err(error) => {
                tracing::debug!(%error, %repository, %subject, "kept referrers are served");
                self.counts.add(Served::Stale);
            }
        }
        found.sort_by(|one, other| one.digest.cmp(&other.digest));
        Ok(found)
    }

    /// The referrers that the upstream lists.
    pub(crate) async fn referrers_upstream(
        self: &Arc<Self>,
        passage: &Passage,
        subject: &Digest,
    ) -> Result<Arc<Vec<Descriptor>>, Error> {
        require_pull(passage)?;
        let (wanted, upstream) = (passage.wanted(), Arc::clone(&passage.upstream));
        let key = (passage.repository.clone(), subject.to_string());
        let subject = subject.clone();
        let work = self.referrers.join(key, move || {
            async move {
                let ask = upstream.ask(&wanted, |client, reference| {
                    let subject = subject.clone();
                    async move { client.referrers(&reference, &subject, None).await }.boxed()
                });
                ask.await.map(Arc::new)
            }
            .boxed()
        });
        self.in_time(passage, work).await
    }
}

/// Whether what is kept is better than this error.
fn is_bridged(error: &Error, lane: &crate::pipeline::Lane) -> bool {
    error.is_unavailable() || matches!(error, Error::Refused { .. }) || !lane.has(&Stage::Pull)
}
