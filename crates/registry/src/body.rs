//! Request bodies: streamed into uploads, or small and read whole. A client that stops sending
//! is given up on.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use lazaret_oci::wire::ErrorCode;
use lazaret_store::UploadWriter;

use crate::answer::Refusal;

/// Longest silence in the middle of a body.
const IDLE: Duration = Duration::from_secs(60);

/// The next bytes of a body; `None` at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = tokio::time::timeout(IDLE, body.frame()).await.map_err(|_| {
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
/// in the upload.
pub(crate) async fn append(
    mut body: Incoming,
    mut writer: Box<dyn UploadWriter>,
) -> Result<u64, Refusal> {
    while let Some(bytes) = next(&mut body).await? {
        writer.write(bytes).await?;
    }
    Ok(writer.close().await?)
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    while let Some(bytes) = next(&mut body).await? {
        if whole.len() + bytes.len() > limit {
            return Err(Refusal::new(
                ErrorCode::ManifestInvalid,
                format!("the manifest is larger than {limit} bytes"),
            )
            .status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}
