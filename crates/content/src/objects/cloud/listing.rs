//! Lists the objects of a bucket, in order of name.

use std::pin::Pin;
use std::time::SystemTime;

use futures_util::stream::{BoxStream, Peekable};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectMeta;

use super::keys::Keys;
use super::shared::Shared;
use crate::{Error, StoredObject, UploadId};

/// Keys of one folder, each with the object to which it belongs.
type Found = Peekable<BoxStream<'static, Result<(UploadId, ObjectMeta), Error>>>;

impl Shared {
    /// Merges the listings of sealed and of staged objects, which stores return in order of key
    /// (all except S3 Express).
    pub(super) async fn list(
        &self,
        after: Option<&UploadId>,
        limit: usize,
    ) -> Result<Vec<StoredObject>, Error> {
        let (objects, uploads) = (self.keys.objects(), self.keys.uploads());
        let store = &self.bucket.objects;
        let (sealed, staged) = match after {
            Some(id) => (
                store.list_with_offset(Some(&objects), &self.keys.object(id)),
                store.list_with_offset(Some(&uploads), &self.keys.behind_upload(id)),
            ),
            None => (store.list(Some(&objects)), store.list(Some(&uploads))),
        };
        let mut sealed = Box::pin(owned(sealed, self.keys.clone()));
        let mut staged = Box::pin(owned(staged, self.keys.clone()));
        let mut found: Vec<StoredObject> = Vec::new();
        while found.len() < limit {
            let next = match (first(&mut sealed).await?, first(&mut staged).await?) {
                (Some(one), Some(other)) => one.min(other),
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => break,
            };
            let whole = all(&mut sealed, &next).await?;
            let parts = all(&mut staged, &next).await?;
            let (size, modified) = whole.or(parts).unwrap_or((0, SystemTime::UNIX_EPOCH));
            found.push(StoredObject {
                id: next,
                size,
                modified: parts.map_or(modified, |(_, other)| modified.max(other)),
            });
        }
        Ok(found)
    }
}

fn owned(listing: BoxStream<'static, object_store::Result<ObjectMeta>>, keys: Keys) -> Found {
    let owned = listing.map_err(|source| Error::Bucket {
        action: "list the objects of",
        source: source.into(),
    });
    let owned = owned.try_filter_map(move |found| {
        let owner = keys.owner(&found.location);
        std::future::ready(Ok(owner.map(|(id, _)| (id, found))))
    });
    owned.boxed().peekable()
}

/// The next object of a listing.
async fn first(found: &mut Pin<Box<Found>>) -> Result<Option<UploadId>, Error> {
    if found.as_mut().peek().await.is_some_and(Result::is_err) {
        // The item is an error, and this line returns it.
        found.next().await.transpose()?;
    }
    Ok(match found.as_mut().peek().await {
        Some(Ok((id, _))) => Some(id.clone()),
        _ => None,
    })
}

/// Total size and last change of all keys of one object.
async fn all(
    found: &mut Pin<Box<Found>>,
    id: &UploadId,
) -> Result<Option<(u64, SystemTime)>, Error> {
    let mut sum = None;
    while first(found).await?.as_ref() == Some(id) {
        if let Some((_, meta)) = found.next().await.transpose()? {
            let (size, modified) = sum.unwrap_or((0_u64, SystemTime::UNIX_EPOCH));
            let changed = SystemTime::from(meta.last_modified);
            sum = Some((size.saturating_add(meta.size), modified.max(changed)));
        }
    }
    Ok(sum)
}
