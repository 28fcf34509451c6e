//! `POST /v1/artifacts:pull`.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use lazaret_files::blocking;
use lazaret_values::Chain;
use lazaret_variants::{DIGEST_HEADER, Transfer};
use tokio::io::AsyncReadExt as _;

use super::answers::Fault;
use super::plane::ControlPlane;
use crate::message::{Body, RequestBody, answer};

/// Longest description of a transfer, in bytes.
const LONGEST: usize = 64 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Sends what the control plane has.
pub(super) async fn pull(
    plane: &ControlPlane,
    body: &mut RequestBody,
) -> Result<Response<Body>, Fault> {
    let description = body
        .read(LONGEST)
        .await
        .map_err(|refusal| Fault::bad(format!("no transfer is described: {}", refusal.reason())))?;
    let transfer = Transfer::parse(&description, &plane.name)
        .map_err(|error| Fault::bad(Chain(&error).to_string()))?;
    let (store, path) = (plane.store.clone(), transfer.path().clone());
    let digests = plane.digests.clone();
    let found = blocking(move || {
        let Some(mut file) = store.open(path.as_str())? else {
            return Ok::<_, Fault>(None);
        };
        let shown = store.path(path.as_str());
        let failed = lazaret_files::io("read", &shown);
        let digest = digests.of(&mut file).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok(Some((file, digest, size)))
    });
    let Some((file, digest, size)) = found.await? else {
        return Err(Fault::new(
            StatusCode::NOT_FOUND,
            format!("there is no '{}'", transfer.store_path()),
        ));
    };
    let mut response = Response::new(stream_of(file, size));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    let binary = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, binary);
    let name = HeaderName::from_static(DIGEST_HEADER);
    Ok(answer::with(response, name, &digest.to_string()))
}

/// The content of a file. It stays the same, whatever gets the file's name meanwhile.
fn stream_of(file: std::fs::File, size: u64) -> Body {
    let file = tokio::fs::File::from_std(file);
    let pieces = stream::try_unfold((file, size), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let wanted = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
        let mut piece = vec![0; wanted];
        let length = file.read(&mut piece).await?;
        if length == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        piece.truncate(length);
        let rest = left.saturating_sub(length as u64);
        Ok(Some((Frame::data(Bytes::from(piece)), (file, rest))))
    });
    StreamBody::new(pieces).boxed_unsync()
}
