//! The body of a request that is a document.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::fault::Fault;

/// Largest document in bytes.
const MOST_BYTES: usize = 1 << 20;
/// Longest time for a document to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// Reads a document; an empty body is an empty object.
pub(crate) async fn read_json<T: DeserializeOwned>(body: &mut Incoming) -> Result<T, Fault> {
    let bytes = read_whole(body).await?;
    let text: &[u8] = match bytes.is_empty() {
        true => b"{}",
        false => &bytes,
    };
    // Lists would be taken for objects, member by member.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(Fault::usage("the body cannot be used: expected an object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut deserializer);
    let value = read.map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        Fault::usage(match path.as_str() {
            "." => format!("the body cannot be used: {cause}"),
            path => format!("the body cannot be used: {path}: {cause}"),
        })
    })?;
    deserializer
        .end()
        .map_err(|error| Fault::usage(format!("the body cannot be used: {error}")))?;
    Ok(value)
}

/// Reads a body that is a document, or that is to be empty.
async fn read_whole(body: &mut Incoming) -> Result<Bytes, Fault> {
    let reading = Limited::new(body, MOST_BYTES).collect();
    match tokio::time::timeout(ARRIVES_WITHIN, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "usage",
            format!("the body has more than {MOST_BYTES} bytes"),
        )),
        Ok(Err(error)) => Err(Fault::usage(format!("the body is not whole: {error}"))),
        Err(_) => Err(Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            "usage",
            "the body does not arrive",
        )),
    }
}
