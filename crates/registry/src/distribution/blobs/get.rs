//! Reads a blob, or a part of it (distribution-spec 1.1, "Pulling blobs").

use std::ops::Range;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use lazaret_content::{Blob, StoredBlob};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::range::{Requested, requested};
use crate::message::{Body, Outcome, Refusal, answer};
use crate::registry::Registry;
use crate::server::zero_copy::{self, FileBody, Outgoing};

/// Age at which `HEAD` renews a lease. It is much shorter than any grace period of collection.
const RENEWAL: Duration = Duration::from_secs(60 * 60);

/// Answers `GET` and `HEAD`. A client that checks whether a blob exists may be about to push a
/// manifest that names it, so the lease of the blob is renewed.
pub(crate) async fn get(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    head: &Parts,
    head_only: bool,
) -> Outcome {
    let stored = registry.stores.metadata.blob(repository, digest).await?;
    let stored = stored.ok_or_else(|| Refusal::unknown_blob(digest))?;
    serve(registry, repository, digest, stored, head, head_only).await
}

/// Answers with a blob that the repository has.
///
/// # Errors
/// Fails when the content is gone, and for parts that it does not have.
pub(crate) async fn serve(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    stored: StoredBlob,
    head: &Parts,
    head_only: bool,
) -> Outcome {
    let headers = &head.headers;
    let unknown = || Refusal::unknown_blob(digest);
    if answer::is_known(headers, digest) {
        return Ok(answer::with_digest(
            answer::empty(StatusCode::NOT_MODIFIED),
            digest,
        ));
    }
    let range = match requested(wanted_range(headers, digest), stored.size) {
        Requested::Whole => None,
        Requested::Part(range) => Some(range),
        Requested::Unsatisfiable => return Err(unsatisfiable(stored.size)),
    };
    let mut response = if head_only {
        let old = stored.leased.elapsed().is_ok_and(|age| age > RENEWAL);
        if old
            && !registry
                .stores
                .metadata
                .renew_blob(repository, digest)
                .await?
        {
            return Err(unknown());
        }
        answer::empty(StatusCode::OK)
    } else if let Some(link) = link(registry, &stored).await? {
        let response = answer::empty(StatusCode::TEMPORARY_REDIRECT);
        let response = answer::with(response, header::LOCATION, &link);
        return Ok(answer::with_digest(response, digest));
    } else {
        let objects = &registry.stores.objects;
        let blob = objects
            .open(&stored.object, stored.size, range.clone())
            .await?;
        let Some(blob) = blob else {
            tracing::error!(%digest, object = %stored.object, "content is lost; check the registry");
            return Err(unknown());
        };
        stream(blob, head.extensions.get::<Outgoing>())
    };
    let part = range.clone().unwrap_or(0..stored.size);
    let length = HeaderValue::from(part.end - part.start);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    Ok(described(response, digest, range, stored.size))
}

/// Adds the headers that tell the content of an answer.
pub(crate) fn described(
    mut response: Response<Body>,
    digest: &Digest,
    range: Option<Range<u64>>,
    size: u64,
) -> Response<Body> {
    if let Some(part) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = part.end.saturating_sub(1);
        let content = format!("bytes {}-{last}/{size}", part.start);
        response = answer::with(response, header::CONTENT_RANGE, &content);
    }
    response = answer::with(response, header::CONTENT_TYPE, "application/octet-stream");
    response = answer::with(response, header::ACCEPT_RANGES, "bytes");
    answer::with_digest(response, digest)
}

/// The `Range` that a client wants of a blob.
pub(crate) fn wanted_range<'a>(headers: &'a HeaderMap, digest: &Digest) -> Option<&'a str> {
    headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .filter(|_| range_applies(headers, digest))
}

/// A link to the content, if clients read it from the store itself.
async fn link(registry: &Registry, stored: &StoredBlob) -> Result<Option<String>, Refusal> {
    match (registry.stores.objects.presign(), registry.terms().links) {
        (Some(presign), Some(lifetime)) => Ok(Some(presign.link(&stored.object, lifetime).await?)),
        _ => Ok(None),
    }
}

/// The content as a body. It is sent without a copy if the connection supports that.
fn stream(blob: Blob, outgoing: Option<&Outgoing>) -> Response<Body> {
    let range = blob.range();
    let outgoing = outgoing.filter(|_| range.end - range.start >= zero_copy::LEAST);
    let blob = match (outgoing, blob) {
        (None, blob) => blob,
        (Some(outgoing), blob) => match blob.into_file() {
            Ok((file, range)) => {
                let body = FileBody::new(outgoing.clone(), file, range);
                return Response::new(body.boxed_unsync());
            }
            Err(blob) => blob,
        },
    };
    Response::new(StreamBody::new(blob.into_chunks().map_ok(Frame::data)).boxed_unsync())
}

/// Evaluates `If-Range` (RFC 9110, section 13.1.5): a part of other content would be useless.
fn range_applies(headers: &HeaderMap, digest: &Digest) -> bool {
    headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| tag.as_bytes() == format!("\"{digest}\"").as_bytes())
}

/// The refusal of a part that a blob of `size` bytes does not have.
pub(crate) fn unsatisfiable(size: u64) -> Refusal {
    Refusal::new(ErrorCode::SizeInvalid, format!("the blob has {size} bytes"))
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(header::CONTENT_RANGE, &format!("bytes */{size}"))
}
