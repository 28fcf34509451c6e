//! Sends a blob in one streamed PUT.

use http::Method;
use lazaret_oci::Descriptor;

use super::piece::piece;
use super::session::{Session, check_digest};
use super::setback::Setback;
use super::source::BlobSource;
use super::wishes::PushBlob;
use crate::Client;
use crate::call::Call;

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
        let payload = piece(call, source, wishes, 0, blob.size).await?;
        let response = self
            .once(call, &request, payload)
            .await
            .map_err(|attempt| Self::setback(call, attempt))?;
        match response.status.as_u16() {
            200 | 201 | 202 | 204 => check_digest(call, blob, &response).map_err(Setback::Fatal),
            // Too large for the server or a proxy, or not supported.
            405 | 411 | 413 | 416 | 501 => {
                Err(Setback::OtherWay(self.refused(call, response).await))
            }
            _ => Err(self.refusal(call, response).await),
        }
    }
}
