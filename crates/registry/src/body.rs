//! Request bodies: streamed into uploads, or small and read whole. A client that stops sending
//! is given up on.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use lazaret_oci::wire::ErrorCode;
use lazaret_store::UploadWriter;

use crate::answer::Refusal;

/// Longest silence in the middle of a body.
const IDLE: Duration = Duration::from_secs(60);
/// How much of a refused body is read.
const DISCARD_BYTES: usize = 16 * 1024 * 1024;
/// And for how long.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The next bytes of a body; `None` at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = tokio::time::timeout(IDLE, body.frame())
            .await
            .map_err(|_| {
                Refusal::new(ErrorCode::SizeInvalid, "the body stopped coming")
                    .status(StatusCode::REQUEST_TIMEOUT)
            })?;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => {
                return Err(Refusal::new(
                    ErrorCode::SizeInvalid,
                    format!("the body ended early: {error}"),
                ));
            }
        }
    }
}

/// Appends a body to an upload and returns the upload's size. What came before a failure stays
/// in the upload. With `limit`, a longer body is refused.
pub(crate) async fn append(
    body: &mut Incoming,
    mut writer: Box<dyn UploadWriter>,
    limit: Option<u64>,
) -> Result<u64, Refusal> {
    let mut left = limit.unwrap_or(u64::MAX);
    loop {
        match next(body).await {
            Ok(None) => return Ok(writer.close().await?),
            Ok(Some(bytes)) if bytes.len() as u64 <= left => {
                left -= bytes.len() as u64;
                writer.write(bytes).await?;
            }
            Ok(Some(_)) => {
                writer.close().await?;
                return Err(Refusal::new(
                    ErrorCode::SizeInvalid,
                    "the body is longer than Content-Range says",
                ));
            }
            Err(refusal) => {
                writer.close().await?;
                return Err(refusal);
            }
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        Refusal::new(
            ErrorCode::ManifestInvalid,
            format!("the manifest is larger than {limit} bytes"),
        )
        .status(StatusCode::PAYLOAD_TOO_LARGE)
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut whole = BytesMut::new();
    while let Some(bytes) = next(body).await? {
        if whole.len() + bytes.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

/// Reads what is left of a refused body, within reason: a client that is still sending when
/// the connection closes may never see the answer. One that waits for `100 Continue` has not
/// begun to send.
pub(crate) async fn discard(body: &mut Incoming, headers: &HeaderMap) {
    if headers.contains_key(header::EXPECT) || body.is_end_stream() {
        return;
    }
    let read = async {
        let mut left = DISCARD_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // When time is up, the connection is closed early: the client's own doing.
    let _ = tokio::time::timeout(DISCARD_TIME, read).await;
}
