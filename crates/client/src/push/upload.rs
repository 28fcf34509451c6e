//! Uploads a blob: sessions, ways and tries, until the registry has it.

use std::time::Duration;

use lazaret_oci::{Descriptor, Repository};

use super::outcome::Pushed;
use super::session::Start;
use super::setback::Setback;
use super::source::BlobSource;
use super::way::{Way, Ways};
use super::wishes::PushBlob;
use crate::call::Call;
use crate::transport::Backoff;
use crate::{Client, Error};

impl Client {
    /// Uploads a blob that the repository does not have: it is mounted from `mount`, or sent.
    pub(crate) async fn upload(
        &self,
        call: &Call<'_>,
        blob: &Descriptor,
        source: &dyn BlobSource,
        wishes: &PushBlob,
        mount: Option<&Repository>,
    ) -> Result<Pushed, Error> {
        let mut session = match self.start(call, blob, mount).await? {
            Start::Mounted => return Ok(Pushed::Mounted),
            Start::Session(session) => Some(session),
        };
        let mut ways = Ways::new();
        let mut chunk = self.inner.options.chunk_bytes.max(1);
        let mut backoff = Backoff::new(self.inner.options.retry);
        loop {
            let current = match session.take() {
                Some(session) => session,
                None => match self.start(call, blob, None).await? {
                    Start::Session(session) => session,
                    Start::Mounted => return Ok(Pushed::Mounted),
                },
            };
            let result = match ways.current() {
                Way::Stream => self.put_stream(call, blob, source, wishes, current).await,
                Way::Chunks => {
                    self.put_chunks(call, blob, source, wishes, current, &mut chunk)
                        .await
                }
            };
            let (error, wish) = match result {
                Ok(()) => return Ok(Pushed::Sent),
                // Halving is limited by itself: it does not count as a failure.
                Err(Setback::Smaller(error)) => {
                    tracing::debug!(%error, chunk, "smaller chunks");
                    continue;
                }
                Err(Setback::Fatal(error)) => return Err(error),
                Err(Setback::OtherWay(error)) => {
                    if !ways.refuse() {
                        return Err(error);
                    }
                    tracing::debug!(%error, "sending the other way");
                    (error, Some(Duration::ZERO))
                }
                Err(Setback::Again(error, wish)) => (error, wish),
            };
            let Some(wait) = backoff.after_failure(wish) else {
                return Err(error);
            };
            ways.go_on();
            tokio::time::sleep(wait).await;
        }
    }
}
