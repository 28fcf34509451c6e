//! `POST`, `PUT` and `PATCH` under `/v2/<name>/blobs/uploads/`.
//!
//! ```text
//!  HEAD --200--> done
//!    | 404
//!  POST --201--> done (mounted)
//!    | 202
//!  PUT, one stream --201--> done
//!    | refused as too large, or broken off
//!  POST, then PATCH... , PUT --201--> done
//! ```
//! A broken stream is followed by chunks, because chunks can go on where they stopped; a server
//! that takes no chunks gets the stream again.

mod chunked;
mod monolithic;
mod session;
mod source;

use std::sync::Arc;

use lazaret_oci::{Descriptor, Reference, Repository};

use crate::auth::Scopes;
use crate::call::{Attempt, Call};
use crate::transport::{Backoff, is_transient, retry_after};
use crate::{Client, Error, client};

use session::Start;
pub use source::{BlobSource, BytesSource, FileSource};

/// How a blob came to be in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Present,
    /// The registry took it from another repository.
    Mounted,
    /// It was sent.
    Sent,
}

/// Further wishes for a push.
#[derive(Clone, Default)]
pub struct PushBlob {
    /// A repository of the same registry that has the blob.
    pub mount_from: Option<Repository>,
    /// Called with the number of bytes of each piece sent. Pieces sent again count again.
    pub advanced: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

/// Why one way of sending did not work.
enum Setback {
    /// Worth the same again, after a wait.
    Again(Error, Option<std::time::Duration>),
    /// The server does not take it this way.
    OtherWay(Error),
    /// A chunk was too large; the next is smaller.
    Smaller(Error),
    /// For good.
    Fatal(Error),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Stream,
    Chunks,
}

impl Client {
    /// Puts a blob into the repository of `reference`, unless it is there.
    ///
    /// The source is read from its start again when a connection breaks. The registry verifies
    /// the digest.
    ///
    /// # Errors
    /// [`Error::Local`] when the source fails or is shorter than the descriptor says.
    pub async fn push_blob(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        source: &dyn BlobSource,
        wishes: &PushBlob,
    ) -> Result<Pushed, Error> {
        let mut call = Call::on(
            reference,
            format!("push blob {} to {}", blob.digest, reference.base()),
        );
        let repository = client::api_name(&reference.registry, &reference.repository);
        call.scopes = Scopes::push(&repository);
        if self.has_blob(&call, reference, &blob.digest).await? {
            return Ok(Pushed::Present);
        }
        let mount = wishes
            .mount_from
            .as_ref()
            .map(|from| client::api_name(&reference.registry, from));
        let mut session = match self.start(&call, blob, mount.as_ref()).await? {
            Start::Mounted => return Ok(Pushed::Mounted),
            Start::Session(session) => Some(session),
        };
        let mut way = Way::Stream;
        let mut refused = [false; 2];
        let mut chunk = self.inner.options.chunk_bytes.max(1);
        let mut backoff = Backoff::new(self.inner.options.retry);
        loop {
            let current = match session.take() {
                Some(session) => session,
                None => match self.start(&call, blob, None).await? {
                    Start::Session(session) => session,
                    Start::Mounted => return Ok(Pushed::Mounted),
                },
            };
            let result = match way {
                Way::Stream => self.put_stream(&call, blob, source, wishes, current).await,
                Way::Chunks => {
                    self.put_chunks(&call, blob, source, wishes, current, &mut chunk)
                        .await
                }
            };
            let (error, wish) = match result {
                // Halving ends by itself: it does not count as a failure.
                Err(Setback::Smaller(error)) => {
                    tracing::debug!(%error, chunk, "smaller chunks");
                    continue;
                }
                Ok(()) => return Ok(Pushed::Sent),
                Err(Setback::Fatal(error)) => return Err(error),
                Err(Setback::OtherWay(error)) => {
                    refused[way as usize] = true;
                    if refused == [true; 2] {
                        return Err(error);
                    }
                    tracing::debug!(%error, "sending the other way");
                    (error, Some(std::time::Duration::ZERO))
                }
                Err(Setback::Again(error, wish)) => (error, wish),
            };
            let Some(wait) = backoff.after_failure(wish) else {
                return Err(error);
            };
            let other = match way {
                Way::Stream => Way::Chunks,
                Way::Chunks => Way::Stream,
            };
            // Chunks can go on where they stopped, a stream cannot.
            if refused[way as usize] || (way == Way::Stream && !refused[other as usize]) {
                way = other;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Sorts a try that gave no answer.
    fn setback(call: &Call<'_>, attempt: Attempt) -> Setback {
        match attempt {
            Attempt::Failed(failure) if failure.is_transient() => {
                Setback::Again(failure.into_error(&call.operation), None)
            }
            again @ Attempt::Again => Setback::Again(again.into_error(&call.operation), None),
            other => Setback::Fatal(other.into_error(&call.operation)),
        }
    }

    /// Sorts an answer that is not the wanted one.
    async fn refusal(&self, call: &Call<'_>, response: crate::transport::Response) -> Setback {
        let status = response.status;
        let wish = retry_after(&response.headers);
        let error = self.refused(call, response).await;
        let lost = error
            .answer()
            .is_some_and(|answer| answer.has_code("BLOB_UPLOAD_UNKNOWN"));
        if is_transient(status) || lost || status == 500 {
            Setback::Again(error, wish)
        } else {
            Setback::Fatal(error)
        }
    }
}
