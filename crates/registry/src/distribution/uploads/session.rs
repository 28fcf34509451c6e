//! Responses with the location of an upload session or of a finished blob.

use http::{Response, StatusCode, header};
use lazaret_content::UploadId;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::answer::UPLOAD_UUID;
use crate::message::{Body, Refusal, answer};

/// A response with the location of the session and its received range.
pub(super) fn session(
    status: StatusCode,
    repository: &Repository,
    id: &UploadId,
    size: u64,
) -> Response<Body> {
    let location = format!("/v2/{repository}/blobs/uploads/{id}");
    let response = answer::with(answer::empty(status), header::LOCATION, &location);
    // The specification has `0-0` for an empty session, the same as for one byte.
    let range = format!("0-{}", size.saturating_sub(1));
    let response = answer::with(response, header::RANGE, &range);
    answer::with(response, UPLOAD_UUID, id.as_str())
}

/// A response with the location of the finished blob.
pub(super) fn created(repository: &Repository, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{repository}/blobs/{digest}");
    let response = answer::with(
        answer::empty(StatusCode::CREATED),
        header::LOCATION,
        &location,
    );
    answer::with(response, answer::CONTENT_DIGEST, &digest.to_string())
}

/// The refusal of a chunk that does not start at the end of the upload.
pub(super) fn out_of_order(repository: &Repository, id: &UploadId, size: u64) -> Refusal {
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
