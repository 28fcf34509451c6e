//! `POST /v1/artifacts:push`.

use http::request::Parts;
use http::{HeaderName, Response, StatusCode};
use lazaret_files::blocking;
use lazaret_oci::{Digest, Hasher};
use lazaret_values::Chain;
use lazaret_variants::{DIGEST_HEADER, Route, TRANSFER_HEADER, Transfer, TransferAnswer};
use tokio::io::AsyncWriteExt as _;

use super::answers::Fault;
use super::plane::ControlPlane;
use crate::message::{Body, RequestBody, answer};

/// Longest description of a transfer, in bytes.
const LONGEST: usize = 16 * 1024;

/// Stores the body of a push.
pub(super) async fn push(
    plane: &ControlPlane,
    head: &Parts,
    body: &mut RequestBody,
) -> Result<Response<Body>, Fault> {
    let description = head.headers.get(TRANSFER_HEADER);
    let description =
        description.ok_or_else(|| Fault::bad(format!("there is no header {TRANSFER_HEADER}")))?;
    if description.len() > LONGEST {
        return Err(Fault::bad(format!("{TRANSFER_HEADER} is too long")));
    }
    let transfer = Transfer::parse(description.as_bytes(), &plane.name)
        .map_err(|error| Fault::bad(Chain(&error).to_string()))?;
    let expected = expected(head)?;
    let too_large = || {
        let largest = plane.largest;
        Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the control plane takes at most {largest} bytes"),
        )
    };
    if body.announced().is_some_and(|size| size > plane.largest) {
        return Err(too_large());
    }
    let (store, path) = (plane.store.clone(), transfer.path().clone());
    let new = blocking(move || Ok::<_, Fault>(store.create(path.as_str())?)).await?;
    let mut file = tokio::fs::File::from_std(new.file()?);
    let algorithm = expected.as_ref().map(Digest::algorithm);
    let mut hasher = Hasher::new(algorithm.unwrap_or(lazaret_oci::Algorithm::Sha256));
    let mut size = 0_u64;
    let failed = |source| Fault::files(&lazaret_files::io("write", new.path())(source));
    while let Some(piece) = body
        .next()
        .await
        .map_err(|refusal| Fault::bad(refusal.reason()))?
    {
        size += piece.len() as u64;
        if size > plane.largest {
            return Err(too_large());
        }
        hasher.update(&piece);
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let digest = hasher.finish();
    if let Some(expected) = expected.filter(|expected| *expected != digest) {
        return Err(Fault::bad(format!(
            "the content has digest {digest}, not {expected}"
        )));
    }
    blocking(move || Ok::<_, Fault>(new.publish()?)).await?;
    tracing::info!(control_plane = plane.name, path = %transfer.path(), size, "stored");
    let stored = TransferAnswer {
        route: Route::of(&plane.name),
        result: transfer.result(size),
    };
    let json = serde_json::to_vec(&stored).unwrap_or_default();
    let response = answer::json_bytes(StatusCode::OK, json);
    let name = HeaderName::from_static(DIGEST_HEADER);
    Ok(answer::with(response, name, &digest.to_string()))
}

/// The digest that the client says, if it says one.
fn expected(head: &Parts) -> Result<Option<Digest>, Fault> {
    let value = head.headers.get(DIGEST_HEADER);
    let digest = value.map(|value| {
        let text = value.to_str().ok();
        text.and_then(|text| text.parse::<Digest>().ok())
            .ok_or_else(|| Fault::bad(format!("{DIGEST_HEADER} has no digest")))
    });
    digest.transpose()
}
