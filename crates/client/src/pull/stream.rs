//! A pull over the network: requests the missing bytes, and requests them again after a break.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Uri, header};
use http_body::Body as _;
use lazaret_net::{TimedBody, next_piece};
use lazaret_oci::{Descriptor, Hasher, Reference, Registry};
use lazaret_values::Printable;

use super::blob::Blob;
use super::resume::{Fault, Opening, Resume};
use crate::call::{Call, Request};
use crate::error::Cause;
use crate::transport::{Backoff, describe};
use crate::{Client, Error};

/// The place from which a blob is pulled.
pub(crate) enum Place {
    /// A repository, with its credentials.
    Repository(Reference),
    /// A URL, without credentials.
    Url {
        /// The URL's host, for errors.
        host: Registry,
        uri: Uri,
    },
}

impl Place {
    fn host(&self) -> &Registry {
        match self {
            Self::Repository(reference) => &reference.registry,
            Self::Url { host, .. } => host,
        }
    }
}

impl Client {
    /// Pulls the rest of a blob whose first `offset` bytes are at hand and were hashed by `hasher`.
    pub(crate) async fn pull_from(
        &self,
        place: Place,
        blob: &Descriptor,
        offset: u64,
        hasher: Hasher,
    ) -> Result<Blob, Error> {
        let mut pull = Pull {
            client: self.clone(),
            place,
            body: None,
            resume: Resume::new(blob.clone(), offset, hasher),
            backoff: Backoff::new(self.inner.options.retry),
        };
        // An empty blob is requested too: it may not exist.
        if offset < blob.size || offset == 0 {
            pull.open().await?;
        }
        let stream = futures_util::stream::try_unfold(pull, |mut pull| async move {
            Ok(pull.next().await?.map(|piece| (piece, pull)))
        });
        Ok(Blob::new(blob.size, stream.boxed()))
    }
}

/// A pull in progress.
struct Pull {
    client: Client,
    place: Place,
    /// The body of the open response; `None` while closed.
    body: Option<TimedBody>,
    resume: Resume,
    backoff: Backoff,
}

impl Pull {
    /// Requests the missing bytes.
    async fn open(&mut self) -> Result<(), Error> {
        let (call, uri) = match &self.place {
            Place::Repository(reference) => {
                let path = format!("blobs/{}", self.resume.wanted().digest);
                let uri = self.client.url_in(reference, &path);
                (Call::on(reference, self.operation()), uri)
            }
            Place::Url { host, uri } => {
                let mut call = Call::at(host, self.operation());
                call.is_anonymous = true;
                (call, uri.clone())
            }
        };
        // A second time for the whole, where the first answer does not have the rest.
        loop {
            let mut request = Request::get(uri.clone());
            if let Some(range) = self.resume.range() {
                request = request.with(header::RANGE, &range);
            }
            let answer = self.client.expect(&call, &request, &[200, 206]).await;
            let response = match answer {
                Err(error) if error.status() == Some(416) => None,
                answer => Some(answer?),
            };
            let opening = match &response {
                None => Opening::Nothing,
                Some(response) if response.status == 206 => {
                    Opening::Part(response.header(header::CONTENT_RANGE).unwrap_or_default())
                }
                Some(_) => Opening::Whole,
            };
            let length = response.as_ref().and_then(|it| it.body.size_hint().exact());
            let is_used = self.resume.opened(opening, length);
            if is_used.map_err(|fault| self.fault(fault))? {
                self.body = response.map(|response| response.body);
                return Ok(());
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let missing = self.resume.missing().map_err(|fault| self.fault(fault))?;
            let Some(body) = &mut self.body else {
                if missing == 0 {
                    return self.finish();
                }
                self.open().await?;
                continue;
            };
            match next_piece(body).await {
                Ok(Some(piece)) => {
                    let new = self.resume.take(piece).map_err(|fault| self.fault(fault))?;
                    if new.is_some() {
                        return Ok(new);
                    }
                }
                Ok(None) if missing == 0 => return self.finish(),
                Ok(None) => {
                    self.resume
                        .ended_early()
                        .map_err(|fault| self.fault(fault))?;
                    self.broken("it ended early").await?;
                }
                Err(error) => self.broken(&describe(&error)).await?,
            }
        }
    }

    /// Closes after a break and waits; the next step opens again.
    async fn broken(&mut self, reason: &str) -> Result<(), Error> {
        self.body = None;
        if self.resume.broken() {
            self.backoff.reset();
        }
        let (offset, wanted) = (self.resume.offset(), self.resume.wanted());
        let Some(wait) = self.backoff.after_failure(None) else {
            return Err(Error::Unreachable {
                registry: self.place.host().to_string(),
                operation: self.operation(),
                reason: format!(
                    "{reason} (at byte {offset} of {}, after all tries)",
                    wanted.size
                ),
                cause: Cause::Other,
            });
        };
        tracing::debug!(digest = %wanted.digest, offset, reason, "resuming");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        let verdict = self.resume.finish();
        verdict.map_err(|fault| self.fault(fault)).map(|()| None)
    }

    fn operation(&self) -> String {
        match &self.place {
            Place::Repository(reference) => {
                let digest = &self.resume.wanted().digest;
                format!("pull blob {digest} of {}", reference.base())
            }
            Place::Url { uri, .. } => format!("download {uri}"),
        }
    }

    fn fault(&self, fault: Fault) -> Error {
        let registry = self.place.host().to_string();
        let operation = self.operation();
        let wanted = self.resume.wanted();
        match fault {
            Fault::Mismatch { actual, bytes } => Error::Integrity {
                registry,
                operation,
                expected: Box::new(wanted.digest.clone()),
                expected_bytes: Some(wanted.size),
                actual,
                bytes,
            },
            Fault::WrongPart { offset, range } => Error::Protocol {
                registry,
                operation,
                reason: format!(
                    "answered with another range than bytes {offset}-: '{}'",
                    Printable::new(&range)
                ),
                cause: Cause::Other,
            },
        }
    }
}
