//! Encodes the requests that open sessions.

use serde::Serialize;

use crate::error::Error;
use crate::kind::{Kind, MAX_PAYLOAD_BYTES};

/// The request as JSON: the payload of [`Kind::Open`].
///
/// # Errors
/// [`Error::TooLarge`] when it exceeds [`MAX_PAYLOAD_BYTES`], [`Error::Message`] when it has no
/// representation in JSON.
pub(crate) fn encode(request: &impl Serialize) -> Result<Vec<u8>, Error> {
    let payload = serde_json::to_vec(request).map_err(|error| Error::Message {
        kind: Kind::Open,
        reason: error.to_string(),
    })?;
    match payload.len() {
        0..=MAX_PAYLOAD_BYTES => Ok(payload),
        bytes => Err(Error::TooLarge {
            bytes,
            limit: MAX_PAYLOAD_BYTES,
        }),
    }
}
