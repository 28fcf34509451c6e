//! The manifest types that this client reads.

use http::{HeaderMap, header};
use lazaret_oci::media_type;

/// The `Accept` of every manifest request.
pub(super) fn accept() -> HeaderMap {
    let mut headers = HeaderMap::new();
    let types = media_type::ACCEPTED_MANIFESTS.join(", ") + ", */*;q=0.1";
    if let Ok(value) = types.parse() {
        headers.insert(header::ACCEPT, value);
    }
    headers
}
