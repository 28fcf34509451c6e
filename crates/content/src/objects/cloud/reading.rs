//! Opens sealed objects for reading.

use std::io;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use object_store::signer::Method;
use object_store::{GetOptions, GetRange, ObjectStoreExt as _};

use super::bucket::{failed, optional};
use super::shared::Shared;
use crate::{Blob, Error, UploadId};

impl Shared {
    pub(super) async fn stat(&self, id: &UploadId) -> Result<Option<u64>, Error> {
        let head = self.bucket.objects.head(&self.keys.object(id)).await;
        Ok(optional(head, "inspect", id)?.map(|head| head.size))
    }

    /// Sends one request; the content is streamed as it is read.
    pub(super) async fn open(
        &self,
        id: &UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> Result<Option<Blob>, Error> {
        let range = range.unwrap_or(0..size);
        let range = range.start.min(size)..range.end.min(size);
        if range.is_empty() {
            // An empty range cannot be expressed in a range header.
            let Some(actual) = self.stat(id).await? else {
                return Ok(None);
            };
            check_size(id, size, actual)?;
            let empty = futures_util::stream::empty();
            return Ok(Some(Blob::from_stream(
                empty,
                size,
                range.start..range.start,
            )));
        }
        let mut options = GetOptions::default();
        if range != (0..size) {
            options.range = Some(GetRange::Bounded(range.clone()));
        }
        let key = self.keys.object(id);
        let found = self.bucket.objects.get_opts(&key, options);
        let Some(found) = optional(found.await, "read", id)? else {
            return Ok(None);
        };
        check_size(id, size, found.meta.size)?;
        if found.range != range {
            return Err(damaged(
                id,
                format!("bytes {:?} came for {range:?}", found.range),
            ));
        }
        let length = range.end - range.start;
        let content = exactly(found.into_stream(), length);
        Ok(Some(Blob::from_stream(content, size, range)))
    }

    pub(super) async fn link(&self, id: &UploadId, expires: Duration) -> Result<String, Error> {
        const ACTION: &str = "sign a link to";
        let Some(signer) = &self.bucket.signer else {
            return Err(Error::Object {
                action: ACTION,
                id: id.clone(),
                source: "the store signs none".into(),
            });
        };
        let key = self.keys.object(id);
        let url = signer.signed_url(Method::GET, &key, expires);
        Ok(url.await.map_err(failed(ACTION, id))?.into())
    }
}

fn check_size(id: &UploadId, expected: u64, actual: u64) -> Result<(), Error> {
    if actual == expected {
        return Ok(());
    }
    Err(damaged(
        id,
        format!("it has {actual} bytes, not {expected}"),
    ))
}

fn damaged(id: &UploadId, why: String) -> Error {
    Error::Object {
        action: "read",
        id: id.clone(),
        source: why.into(),
    }
}

/// Makes the stream fail if it has more or less than `left` bytes.
fn exactly(
    stream: impl Stream<Item = object_store::Result<Bytes>> + Send + 'static,
    left: u64,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let ends = stream.map(Some).chain(futures_util::stream::iter([None]));
    ends.scan(Some(left), |left, next| {
        let outcome = match (*left, next) {
            (None, _) | (Some(0), None) => None,
            (Some(_), None) => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            (Some(_), Some(Err(error))) => Some(Err(io::Error::other(error))),
            (Some(bytes), Some(Ok(chunk))) => Some(match bytes.checked_sub(chunk.len() as u64) {
                Some(rest) => {
                    *left = Some(rest);
                    Ok(chunk)
                }
                None => Err(io::Error::other("more bytes came than were asked for")),
            }),
        };
        if !matches!(outcome, Some(Ok(_))) {
            *left = None;
        }
        std::future::ready(outcome)
    })
}
