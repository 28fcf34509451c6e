//! Reading a blob, or a part of it (distribution-spec 1.1, "Pulling blobs").

use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::answer::{self, Outcome, Refusal};
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
    let size = registry.blobs.stat(digest).await?.ok_or_else(unknown)?;
    if answer::is_known(headers, digest) {
        return Ok(answer::with_digest(answer::empty(StatusCode::NOT_MODIFIED), digest));
    }
    let wanted = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, range) = match requested(wanted, size) {
        Requested::Whole => (StatusCode::OK, None),
        Requested::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Requested::Unsatisfiable => {
            return Err(Refusal::new(ErrorCode::SizeInvalid, format!("the blob has {size} bytes"))
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, &format!("bytes */{size}")));
        }
    };
    let part = range.clone().unwrap_or(0..size);
    let mut response = if head {
        answer::empty(status)
    } else {
        let blob = registry.blobs.open(digest, range.clone()).await?.ok_or_else(unknown)?;
        let body = StreamBody::new(blob.into_chunks().map_ok(Frame::data)).boxed_unsync();
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        response
    };
    let length = HeaderValue::from(part.end - part.start);
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    if range.is_some() {
        let content = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
        response = answer::with(response, header::CONTENT_RANGE, &content);
    }
    response = answer::with(response, header::CONTENT_TYPE, "application/octet-stream");
    response = answer::with(response, header::ACCEPT_RANGES, "bytes");
    Ok(answer::with_digest(response, digest))
}
