//! Reading a blob, or a part of it (distribution-spec 1.1, "Pulling blobs").

use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};
use lazaret_store::Blob;

use crate::answer::{self, Body, Outcome, Refusal};
use crate::range::{Requested, requested};
use crate::registry::Registry;

/// `GET` and `HEAD`; the server leaves the body out for `HEAD`.
pub(crate) async fn get(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    headers: &HeaderMap,
    head: bool,
) -> Outcome {
    let unknown = || Refusal::unknown_blob(digest);
    if !registry.metadata.has_blob(repository, digest).await? {
        return Err(unknown());
    }
    if answer::is_known(headers, digest) {
        return Ok(answer::with_digest(
            answer::empty(StatusCode::NOT_MODIFIED),
            digest,
        ));
    }
    let wanted = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let wanted = wanted.filter(|_| range_applies(headers, digest));
    let mut range = None;
    let (size, mut response) = if head || wanted.is_some() {
        let size = registry.blobs.stat(digest).await?.ok_or_else(unknown)?;
        range = match requested(wanted, size) {
            Requested::Whole => None,
            Requested::Part(range) => Some(range),
            Requested::Unsatisfiable => return Err(unsatisfiable(size)),
        };
        let response = if head {
            answer::empty(StatusCode::OK)
        } else {
            let blob = registry
                .blobs
                .open(digest, range.clone())
                .await?
                .ok_or_else(unknown)?;
            stream(blob)
        };
        (size, response)
    } else {
        let blob = registry
            .blobs
            .open(digest, None)
            .await?
            .ok_or_else(unknown)?;
        (blob.size(), stream(blob))
    };
    let part = range.clone().unwrap_or(0..size);
    let length = HeaderValue::from(part.end - part.start);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let content = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
        response = answer::with(response, header::CONTENT_RANGE, &content);
    }
    response = answer::with(response, header::CONTENT_TYPE, "application/octet-stream");
    response = answer::with(response, header::ACCEPT_RANGES, "bytes");
    Ok(answer::with_digest(response, digest))
}

fn stream(blob: Blob) -> Response<Body> {
    Response::new(StreamBody::new(blob.into_chunks().map_ok(Frame::data)).boxed_unsync())
}

/// `If-Range` (RFC 9110, section 13.1.5): a part of other content would be of no use.
fn range_applies(headers: &HeaderMap, digest: &Digest) -> bool {
    headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| tag.as_bytes() == format!("\"{digest}\"").as_bytes())
}

fn unsatisfiable(size: u64) -> Refusal {
    Refusal::new(ErrorCode::SizeInvalid, format!("the blob has {size} bytes"))
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(header::CONTENT_RANGE, &format!("bytes */{size}"))
}
