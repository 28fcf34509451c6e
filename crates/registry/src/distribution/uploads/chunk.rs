//! Reads the range of a chunk from its headers.

use std::ops::Range;

use http::{HeaderMap, StatusCode, header};
use lazaret_oci::wire::ErrorCode;

use crate::message::{Refusal, range};

/// The range of a chunk in its blob; `None` without a header, for the next bytes.
///
/// # Errors
/// Fails when the header is not a range, or contradicts the length of the body.
pub(super) fn chunk(headers: &HeaderMap) -> Result<Option<Range<u64>>, Refusal> {
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
