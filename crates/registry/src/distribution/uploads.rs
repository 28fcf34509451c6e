//! `/v2/<name>/blobs/uploads/`: how blobs come in (distribution-spec 1.1, "Pushing blobs").
//!
//! ```text
//! POST ?mount=        -> 201 blob, or as below
//! POST ?digest= body  -> 201 blob
//! POST                -> 202 session --PATCH*--> session --PUT ?digest=--> 201 blob
//!                                     \--DELETE, 24 h of silence--> gone
//! ```

mod cancel;
mod finish;
mod patch;
mod start;
mod status;
mod writing;

pub(crate) use cancel::cancel;
pub(crate) use finish::finish;
pub(crate) use patch::patch;
pub(crate) use start::start;
pub(crate) use status::status;

use std::ops::Range;

use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use lazaret_content::UploadId;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::answer::{self, Body, Refusal, UPLOAD_UUID};
use crate::message::range;

/// Smallest chunk worth sending (distribution-spec 1.1, "Pushing a blob in chunks").
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// An answer that tells where the session is and how far it has come.
fn session(
    status: StatusCode,
    repository: &Repository,
    id: &UploadId,
    size: u64,
) -> Response<Body> {
    let location = format!("/v2/{repository}/blobs/uploads/{id}");
    let response = answer::with(answer::empty(status), header::LOCATION, &location);
    // The specification's range of an empty session: `0-0`, which cannot be told from one byte.
    let range = format!("0-{}", size.saturating_sub(1));
    let response = answer::with(response, header::RANGE, &range);
    answer::with(response, UPLOAD_UUID, id.as_str())
}

/// An answer that tells where the finished blob is.
fn created(repository: &Repository, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{repository}/blobs/{digest}");
    let response = answer::with(
        answer::empty(StatusCode::CREATED),
        header::LOCATION,
        &location,
    );
    answer::with(response, answer::CONTENT_DIGEST, &digest.to_string())
}

/// Which part a chunk says that it is; the next one, when it says nothing. Refuses a chunk whose
/// own headers disagree.
fn chunk(headers: &HeaderMap) -> Result<Option<Range<u64>>, Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(content_range) = text(header::CONTENT_RANGE) else {
        return Ok(None);
    };
    let range = range::chunk(content_range).ok_or_else(|| {
        Refusal::new(
            ErrorCode::BlobUploadInvalid,
            "Content-Range is not <first>-<last>",
        )
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
    })?;
    let length = text(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|length| length != range.end - range.start) {
        return Err(Refusal::new(
            ErrorCode::SizeInvalid,
            "Content-Range and Content-Length disagree",
        ));
    }
    Ok(Some(range))
}

/// A chunk that does not start where the upload ends.
fn out_of_order(repository: &Repository, id: &UploadId, size: u64) -> Refusal {
    Refusal::new(
        ErrorCode::BlobUploadInvalid,
        format!("the upload has {size} bytes; the next chunk starts there"),
    )
    .status(StatusCode::RANGE_NOT_SATISFIABLE)
    .header(
        header::LOCATION,
        &format!("/v2/{repository}/blobs/uploads/{id}"),
    )
    .header(header::RANGE, &format!("0-{}", size.saturating_sub(1)))
}
