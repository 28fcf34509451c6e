//! One streamed PUT.

use http::Method;
use lazaret_oci::Descriptor;

use super::session::{Session, check_digest};
use super::{BlobSource, PushBlob, Setback};
use crate::call::Call;
use crate::transport::{Payload, Upload};
use crate::{Client, Error};

impl Client {
    /// Sends the whole blob and closes the session with it.
    pub(super) async fn put_stream(
        &self,
        call: &Call<'_>,
        blob: &Descriptor,
        source: &dyn BlobSource,
        wishes: &PushBlob,
        session: Session,
    ) -> Result<(), Setback> {
        let uri = session.closing(call, blob).map_err(Setback::Fatal)?;
        let request = session.request(Method::PUT, uri);
        let payload = payload(call, source, wishes, 0, blob.size).await?;
        let response = self
            .once(call, &request, payload)
            .await
            .map_err(|attempt| Self::setback(call, attempt))?;
        match response.status.as_u16() {
            200 | 201 | 202 | 204 => check_digest(call, blob, &response).map_err(Setback::Fatal),
            // Too large for the server or a proxy, or not this way.
            405 | 411 | 413 | 416 | 501 => {
                Err(Setback::OtherWay(self.refused(call, response).await))
            }
            _ => Err(self.refusal(call, response).await),
        }
    }
}

/// A part of the source as a body.
pub(super) async fn payload(
    call: &Call<'_>,
    source: &dyn BlobSource,
    wishes: &PushBlob,
    offset: u64,
    length: u64,
) -> Result<Payload, Setback> {
    if length == 0 {
        return Ok(Payload::Empty);
    }
    let reader = source.open(offset).await.map_err(|source| {
        Setback::Fatal(Error::Local {
            operation: call.operation.clone(),
            source,
        })
    })?;
    Ok(Payload::Stream(Upload::new(
        reader,
        length,
        wishes.advanced.clone(),
    )))
}
