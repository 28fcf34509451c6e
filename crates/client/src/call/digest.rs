//! Reads the digest that a registry states in a header.

use http::HeaderMap;
use lazaret_oci::Digest;

use super::subject::Call;
use crate::Error;

/// The header with the digest of a manifest or blob.
const CONTENT_DIGEST: &str = "docker-content-digest";

/// The digest that the registry states; `None` when it states none.
pub(crate) fn content_digest(
    call: &Call<'_>,
    headers: &HeaderMap,
) -> Result<Option<Digest>, Error> {
    let Some(value) = headers.get(CONTENT_DIGEST) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .map(Some)
        .ok_or_else(|| call.protocol("gave a malformed Docker-Content-Digest"))
}
