//! Reads a blob of an upstream.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use lazaret_mirror::{Mirror, MirroredBlob, Part};
use lazaret_oci::{Digest, Repository};

use super::headers::asked;
use super::refusals;
use crate::distribution::blobs;
use crate::message::range::{Requested, requested};
use crate::message::{Outcome, answer};
use crate::registry::Registry;

/// Answers `GET` and `HEAD`. `HEAD` of a blob that is not here downloads nothing.
pub(crate) async fn get(
    registry: &Registry,
    mirror: &Arc<Mirror>,
    repository: &Repository,
    digest: &Digest,
    head: &Parts,
    head_only: bool,
) -> Outcome {
    let refused = |error| refusals::of_blob(&error, digest);
    let request = asked(&head.headers, head_only);
    let found = mirror.blob(repository, digest, &request).await;
    let coming = match found.map_err(refused)? {
        MirroredBlob::Stored(stored) => {
            return blobs::serve(registry, repository, digest, stored, head, head_only).await;
        }
        MirroredBlob::Coming(coming) => coming,
    };
    if answer::is_known(&head.headers, digest) {
        let response = answer::empty(StatusCode::NOT_MODIFIED);
        return Ok(answer::with_digest(response, digest));
    }
    let size = coming.size;
    let wanted = blobs::wanted_range(&head.headers, digest);
    let range = match requested(wanted, size) {
        Requested::Whole => None,
        Requested::Part(range) => Some(range),
        Requested::Unsatisfiable => return Err(blobs::unsatisfiable(size)),
    };
    let mut response = if head_only {
        answer::empty(StatusCode::OK)
    } else {
        let part = match &range {
            None => Part::Whole,
            Some(range) if range.end == size && range.start == 0 => Part::Whole,
            Some(range) if is_open(wanted) => Part::From(range.start),
            Some(range) => Part::Range(range.clone()),
        };
        let stream = mirror.read(coming, part).await.map_err(refused)?;
        Response::new(StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync())
    };
    let part = range.clone().unwrap_or(0..size);
    let length = HeaderValue::from(part.end - part.start);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    Ok(blobs::described(response, digest, range, size))
}

/// Whether a `Range` has no end: `bytes=K-`.
fn is_open(wanted: Option<&str>) -> bool {
    wanted.is_some_and(|text| text.trim_end().ends_with('-'))
}
