//! Implements the ports for repositories and their collection: one transaction for each call.

use std::time::{Duration, SystemTime};

use lazaret_oci::{Descriptor, Digest, Repository, Tag};
use lazaret_values::Pattern;

use super::access::{read, write};
use super::store::SqlMetadata;
use super::values::{millis, span};
use super::{blobs, collection, links, listings, manifests, removal, uploads};
use crate::{
    BoxFuture, Claim, Collection, Error, Finished, Garbage, Listing, ManifestSelector, Metadata,
    NewManifest, OpenUploads, Page, RepositoryContents, Staged, StoredBlob, StoredManifest,
    Unlinked, UnusedBlob, UnusedLink, UploadId, UploadSession,
};

impl Metadata for SqlMetadata {
    fn put_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (dialect, now) = (self.access.dialect(), self.now());
        Box::pin(async move {
            self.require_room()?;
            write!(self, Durable, "store a manifest", |tx| {
                manifests::put(tx, dialect, repository, &manifest, now)
            })
        })
    }

    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        selector: &'a ManifestSelector,
    ) -> BoxFuture<'a, Result<Option<StoredManifest>, Error>> {
        Box::pin(async move {
            read!(self, "find a manifest", |connection| {
                manifests::get(connection, repository, selector)
            })
        })
    }

    fn delete_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        immutable: &'a [Pattern],
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let dialect = self.access.dialect();
        Box::pin(async move {
            write!(self, Durable, "delete a manifest", |tx| {
                manifests::delete(tx, dialect, repository, digest, immutable)
            })
        })
    }

    fn delete_tag<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            write!(self, Durable, "delete a tag", |tx| {
                manifests::delete_tag(tx, repository, tag)
            })
        })
    }

    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        page: Page,
    ) -> BoxFuture<'a, Result<Option<Listing<Tag>>, Error>> {
        Box::pin(async move {
            read!(self, "list tags", |connection| {
                listings::tags(connection, repository, &page)
            })
        })
    }

    fn repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>> {
        Box::pin(async move {
            read!(self, "list repositories", |connection| {
                listings::repositories(connection, listings::REPOSITORIES, &page)
            })
        })
    }

    fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        page: Page,
    ) -> BoxFuture<'a, Result<Listing<Descriptor>, Error>> {
        Box::pin(async move {
            read!(self, "list referrers", |connection| {
                listings::referrers(connection, repository, subject, artifact_type, &page)
            })
        })
    }

    fn blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<StoredBlob>, Error>> {
        Box::pin(async move {
            read!(self, "find a blob", |connection| {
                blobs::get(connection, repository, digest)
            })
        })
    }

    fn renew_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "renew a blob's lease", |tx| {
                blobs::renew(tx, repository, digest, now)
            })
        })
    }

    fn repositories_with<'a>(
        &'a self,
        digest: &'a Digest,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Repository>, Error>> {
        Box::pin(async move {
            read!(self, "find a blob", |connection| {
                blobs::repositories(connection, digest, limit)
            })
        })
    }

    fn mount_blob<'a>(
        &'a self,
        to: &'a Repository,
        from: &'a Repository,
        digest: &'a Digest,
        quota: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<StoredBlob>, Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Durable, "mount a blob", |tx| {
                blobs::mount(tx, to, from, digest, quota, now)
            })
        })
    }

    fn unlink_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Unlinked, Error>> {
        let dialect = self.access.dialect();
        Box::pin(async move {
            write!(self, Durable, "delete a blob", |tx| {
                links::unlink(tx, dialect, repository, digest)
            })
        })
    }

    fn begin_upload<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<(), Error>> {
        let now = self.now();
        Box::pin(async move {
            self.require_room()?;
            write!(self, Relaxed, "begin an upload", |tx| {
                uploads::begin(tx, session, now)
            })
        })
    }

    fn open_uploads<'a>(
        &'a self,
        repository: &'a Repository,
        most: u64,
    ) -> BoxFuture<'a, Result<OpenUploads, Error>> {
        Box::pin(async move {
            read!(self, "count uploads", |connection| {
                uploads::count(connection, repository, most)
            })
        })
    }

    fn upload<'a>(
        &'a self,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Option<UploadSession>, Error>> {
        Box::pin(async move {
            read!(self, "find an upload", |connection| uploads::get(
                connection, id
            ))
        })
    }

    fn claim_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<UploadSession, Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "claim an upload", |tx| {
                uploads::claim(tx, id, claim, lease, now)
            })
        })
    }

    fn renew_claim<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "renew a claim", |tx| {
                uploads::renew(tx, id, claim, lease, now)
            })
        })
    }

    fn reserve_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        size: u64,
        quota: u64,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let dialect = self.access.dialect();
        Box::pin(async move {
            write!(self, Relaxed, "reserve room for an upload", |tx| {
                uploads::reserve(tx, dialect, id, claim, size, quota)
            })
        })
    }

    fn release_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "release an upload", |tx| {
                uploads::release(tx, id, claim, staged, now)
            })
        })
    }

    fn finish_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        digest: &'a Digest,
        size: u64,
        quota: Option<u64>,
    ) -> BoxFuture<'a, Result<Finished, Error>> {
        let (dialect, now) = (self.access.dialect(), self.now());
        let content = uploads::Content {
            digest,
            size,
            quota,
        };
        Box::pin(async move {
            write!(self, Durable, "finish an upload", |tx| {
                uploads::finish(tx, dialect, id, claim, &content, now)
            })
        })
    }

    fn discard_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Durable, "discard an upload", |tx| {
                uploads::discard(tx, id, claim, now)
            })
        })
    }

    fn expire_uploads(&self, idle: Duration) -> BoxFuture<'_, Result<u64, Error>> {
        let (dialect, now) = (self.access.dialect(), self.now());
        let before = now.saturating_sub(span(idle));
        Box::pin(async move {
            let mut total = 0;
            loop {
                let expired = write!(self, Durable, "expire uploads", |tx| {
                    uploads::expire(tx, dialect, before, now)
                })?;
                total += expired;
                if expired < uploads::EXPIRED_AT_ONCE as u64 {
                    return Ok(total);
                }
            }
        })
    }

    fn empty_since(&self) -> BoxFuture<'_, Result<Option<SystemTime>, Error>> {
        Box::pin(async move { read!(self, "read", |connection| listings::empty_since(connection)) })
    }

    fn serves_blobs(&self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move { read!(self, "read", |connection| blobs::any_served(connection)) })
    }

    fn room(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.require_room() })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { read!(self, "read", |connection| listings::ping(connection)) })
    }
}

impl Collection for SqlMetadata {
    fn contents<'a>(
        &'a self,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<Option<RepositoryContents>, Error>> {
        let begin = self.access.begin_snapshot();
        Box::pin(async move {
            read!(self, "read a repository", |connection| {
                collection::contents(connection, begin, repository)
            })
        })
    }

    fn all_repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>> {
        Box::pin(async move {
            read!(self, "list repositories", |connection| {
                listings::repositories(connection, listings::ALL_REPOSITORIES, &page)
            })
        })
    }

    fn delete_tag_of<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            write!(self, Durable, "delete a tag", |tx| {
                manifests::delete_tag_of(tx, repository, tag, digest)
            })
        })
    }

    fn delete_untagged<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        pushed: SystemTime,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (dialect, pushed) = (self.access.dialect(), millis(pushed));
        Box::pin(async move {
            write!(self, Durable, "delete a manifest", |tx| {
                manifests::delete_untagged(tx, dialect, repository, digest, pushed)
            })
        })
    }

    fn unused_links<'a>(
        &'a self,
        before: SystemTime,
        after: Option<&'a UnusedLink>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<UnusedLink>, Error>> {
        let before = millis(before);
        Box::pin(async move {
            read!(self, "find unused blobs", |connection| {
                collection::unused_links(connection, before, after, limit)
            })
        })
    }

    fn drop_links<'a>(
        &'a self,
        links: &'a [UnusedLink],
        before: SystemTime,
    ) -> BoxFuture<'a, Result<u64, Error>> {
        let (dialect, before) = (self.access.dialect(), millis(before));
        Box::pin(async move {
            write!(self, Durable, "drop unused blobs", |tx| {
                removal::drop_links(tx, dialect, links, before)
            })
        })
    }

    fn unused_blobs<'a>(
        &'a self,
        before: SystemTime,
        after: Option<&'a Digest>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<UnusedBlob>, Error>> {
        let before = millis(before);
        Box::pin(async move {
            read!(self, "find unused content", |connection| {
                collection::unused_blobs(connection, before, after, limit)
            })
        })
    }

    fn condemn_blobs<'a>(
        &'a self,
        blobs: &'a [UnusedBlob],
        before: SystemTime,
    ) -> BoxFuture<'a, Result<Vec<UnusedBlob>, Error>> {
        let (dialect, before, now) = (self.access.dialect(), millis(before), self.now());
        Box::pin(async move {
            write!(self, Durable, "drop unused content", |tx| {
                removal::condemn_blobs(tx, dialect, blobs, before, now)
            })
        })
    }

    fn garbage(
        &self,
        before: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Garbage>, Error>> {
        let before = millis(before);
        Box::pin(async move {
            read!(self, "find garbage", |connection| {
                collection::garbage(connection, before, limit)
            })
        })
    }

    fn forget_garbage<'a>(&'a self, objects: &'a [UploadId]) -> BoxFuture<'a, Result<(), Error>> {
        let dialect = self.access.dialect();
        Box::pin(async move {
            write!(self, Durable, "forget garbage", |tx| {
                removal::forget_garbage(tx, dialect, objects)
            })
        })
    }

    fn blobs(&self, page: Page) -> BoxFuture<'_, Result<Listing<(Digest, StoredBlob)>, Error>> {
        Box::pin(async move {
            read!(self, "list content", |connection| collection::blobs(
                connection, &page
            ))
        })
    }

    fn quarantine<'a>(
        &'a self,
        digest: &'a Digest,
        object: &'a UploadId,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            write!(self, Durable, "quarantine a blob", |tx| {
                removal::quarantine(tx, digest, object)
            })
        })
    }

    fn release<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            write!(self, Durable, "release a blob", |tx| removal::release(
                tx, digest
            ))
        })
    }

    fn unknown_objects<'a>(
        &'a self,
        objects: &'a [UploadId],
    ) -> BoxFuture<'a, Result<Vec<UploadId>, Error>> {
        let dialect = self.access.dialect();
        Box::pin(async move {
            read!(self, "look up objects", |connection| {
                collection::unknown_objects(connection, dialect, objects)
            })
        })
    }
}
