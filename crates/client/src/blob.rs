//! `GET /v2/<name>/blobs/<digest>`: a verified stream that survives broken connections.
//!
//! ```text
//!           data               break, tries left
//!   Open ----------> Open,  Open ---------------> Closed --206 at the offset--> Open
//!     | end: size and digest equal                  | tries used up, other answers
//!     v                                             v
//!    done                                         failed
//! ```

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::{Method, Uri, header};
use hyper::body::{Body as _, Incoming};
use lazaret_oci::{Descriptor, Digest, Hasher, Reference, Registry};
use lazaret_values::Printable;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::call::{Call, Request};
use crate::transport::{Backoff, Origin, Response, next_chunk};
use crate::{Client, Error, client};

/// After this many bytes without a break, earlier breaks are forgotten.
const FORGIVEN: u64 = 1024 * 1024;

/// The content of a blob. It ends well only if size and digest are right: what was read before
/// an error must not be used.
pub struct Blob {
    size: u64,
    stream: BoxStream<'static, Result<Bytes, Error>>,
}

impl Blob {
    /// Size of the whole blob in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The same content, with `inspect` told the length of every piece.
    #[must_use]
    pub fn inspect_bytes(self, inspect: impl Fn(u64) + Send + 'static) -> Self {
        Self {
            size: self.size,
            stream: self
                .stream
                .inspect_ok(move |piece| inspect(piece.len() as u64))
                .boxed(),
        }
    }

    /// The content as a reader. Its errors wrap an [`Error`].
    #[must_use]
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin + 'static {
        tokio_util::io::StreamReader::new(self.stream.map_err(std::io::Error::other))
    }
}

impl Stream for Blob {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Opens a blob of the repository of `reference` (whose tag and digest play no part).
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Integrity`] when the registry announces another size.
    pub async fn blob(&self, reference: &Reference, blob: &Descriptor) -> Result<Blob, Error> {
        let hasher = Hasher::new(blob.digest.algorithm());
        self.blob_from(reference, blob, 0, hasher).await
    }

    /// Opens the rest of a blob whose first `offset` bytes are at hand and went through
    /// `hasher`. The stream gives the rest; its end verifies the whole.
    ///
    /// # Errors
    /// As [`Client::blob`].
    pub async fn blob_from(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        offset: u64,
        hasher: Hasher,
    ) -> Result<Blob, Error> {
        let place = Place::Repository(reference.clone());
        self.pull_from(place, blob, offset, hasher).await
    }

    /// Opens what a plain URL leads to, which must be what `blob` describes. No credentials are sent;
    /// plain HTTP is spoken to the hosts that registries may be plain on.
    ///
    /// # Errors
    /// [`Error::Url`] for what is no such URL; as [`Client::blob`].
    pub async fn download(&self, url: &str, blob: &Descriptor) -> Result<Blob, Error> {
        let refused = |reason| Error::Url {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| refused("it is not a URL"))?;
        let origin = Origin::of(&uri).ok_or_else(|| refused("it is not an http or https URL"))?;
        let host: Registry = format!("{}:{}", origin.host(), origin.port())
            .parse()
            .map_err(|_| refused("its host is not one"))?;
        if !origin.tls && !self.inner.transport.plain.allows(&host) {
            return Err(refused(
                "plain HTTP is for loopback and LAZARET_PLAIN_HTTP only",
            ));
        }
        let hasher = Hasher::new(blob.digest.algorithm());
        let place = Place::Url { host, uri };
        self.pull_from(place, blob, 0, hasher).await
    }

    async fn pull_from(
        &self,
        place: Place,
        blob: &Descriptor,
        offset: u64,
        hasher: Hasher,
    ) -> Result<Blob, Error> {
        let mut pull = Pull {
            client: self.clone(),
            place,
            descriptor: blob.clone(),
            body: None,
            skip: 0,
            offset,
            mark: offset,
            hasher: Some(hasher),
            backoff: Backoff::new(self.inner.options.retry),
        };
        if offset < blob.size || offset == 0 {
            pull.open().await?;
        }
        Ok(Blob {
            size: blob.size,
            stream: futures_util::stream::try_unfold(pull, |mut pull| async move {
                Ok(pull.next().await?.map(|piece| (piece, pull)))
            })
            .boxed(),
        })
    }

    /// Writes a verified blob to `sink` and flushes it. After an error, what was written must
    /// not be used.
    ///
    /// # Errors
    /// As [`Client::blob`], and [`Error::Local`] when the sink fails.
    pub async fn blob_to(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        sink: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<(), Error> {
        let mut content = self.blob(reference, blob).await?;
        let local = |source| Error::Local {
            operation: format!("write blob {}", blob.digest),
            source,
        };
        while let Some(piece) = content.try_next().await? {
            sink.write_all(&piece).await.map_err(local)?;
        }
        sink.flush().await.map_err(local)
    }

    /// Reads a small blob, such as a configuration, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Client::blob`], and [`Error::Protocol`] when the blob is larger than `limit`.
    pub async fn blob_bytes(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        if blob.size > limit {
            let call = Call::on(reference, format!("read blob {}", blob.digest));
            let size = blob.size;
            return Err(call.protocol(format!("names a blob of {size} bytes, over {limit}")));
        }
        let mut content = self.blob(reference, blob).await?;
        let mut whole = Vec::new();
        while let Some(piece) = content.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// Whether a blob is in the repository of `reference`.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`].
    pub async fn blob_exists(&self, reference: &Reference, digest: &Digest) -> Result<bool, Error> {
        let call = Call::on(reference, format!("look for blob {digest}"));
        self.has_blob(&call, reference, digest).await
    }

    pub(crate) async fn has_blob(
        &self,
        call: &Call<'_>,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let path = client::path(reference, &format!("blobs/{digest}"));
        let request = Request::new(Method::HEAD, self.url(&reference.registry, &path));
        let response = self.request(call, &request).await?;
        match response.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refused(call, response).await),
        }
    }
}

/// Where a blob comes from.
enum Place {
    Repository(Reference),
    Url { host: Registry, uri: Uri },
}

impl Place {
    fn host(&self) -> &Registry {
        match self {
            Self::Repository(reference) => &reference.registry,
            Self::Url { host, .. } => host,
        }
    }
}

/// A pull on its way.
struct Pull {
    client: Client,
    place: Place,
    descriptor: Descriptor,
    /// `None`: closed.
    body: Option<Incoming>,
    /// Bytes to throw away, because the server started again from the beginning.
    skip: u64,
    /// Bytes delivered, and at hand before.
    offset: u64,
    /// Where the last break was.
    mark: u64,
    /// Over the first `offset` bytes; taken at the end.
    hasher: Option<Hasher>,
    backoff: Backoff,
}

impl Pull {
    fn operation(&self) -> String {
        match &self.place {
            Place::Repository(reference) => {
                format!(
                    "pull blob {} of {}",
                    self.descriptor.digest,
                    reference.base()
                )
            }
            Place::Url { uri, .. } => format!("download {uri}"),
        }
    }

    fn mismatch(&self, actual: String, bytes: u64) -> Error {
        Error::Integrity {
            registry: self.place.host().to_string(),
            operation: self.operation(),
            expected: Box::new(self.descriptor.digest.clone()),
            expected_bytes: Some(self.descriptor.size),
            actual,
            bytes,
        }
    }

    /// Asks for what is missing.
    async fn open(&mut self) -> Result<(), Error> {
        let operation = self.operation();
        let (call, uri) = match &self.place {
            Place::Repository(reference) => {
                let path = format!("blobs/{}", self.descriptor.digest);
                let path = client::path(reference, &path);
                let uri = self.client.url(&reference.registry, &path);
                (Call::on(reference, operation), uri)
            }
            Place::Url { host, uri } => {
                let mut call = Call::at(host, operation);
                call.is_anonymous = true;
                (call, uri.clone())
            }
        };
        let mut request = Request::get(uri);
        if self.offset > 0 {
            request = request.with(header::RANGE, &format!("bytes={}-", self.offset));
        }
        let response = self.client.expect(&call, &request, &[200, 206]).await;
        let response = match response {
            // Nothing behind the offset: the blob is shorter than it should be.
            Err(error) if error.status() == Some(416) => {
                let text = "a shorter blob".to_owned();
                return Err(self.mismatch(text, self.offset));
            }
            other => other?,
        };
        let partial = response.status == 206;
        if partial {
            self.check_range(&call, &response)?;
        }
        self.skip = if partial { 0 } else { self.offset };
        let rest = self.descriptor.size - if partial { self.offset } else { 0 };
        if let Some(announced) = response.body.size_hint().exact()
            && announced != rest
        {
            let text = format!("an announcement of {announced} bytes instead of {rest}");
            return Err(self.mismatch(text, self.offset));
        }
        self.body = Some(response.body);
        Ok(())
    }

    /// A range that starts elsewhere would be spliced into the wrong place.
    fn check_range(&self, call: &Call<'_>, response: &Response) -> Result<(), Error> {
        let text = response.header(header::CONTENT_RANGE).unwrap_or_default();
        let expected = (self.offset, self.descriptor.size.checked_sub(1));
        let parsed = content_range(text);
        match parsed {
            Some((start, end, total))
                if self.offset > 0
                    && (start, Some(end)) == expected
                    && total.is_none_or(|total| total == self.descriptor.size) =>
            {
                Ok(())
            }
            _ => Err(call.protocol(format!(
                "answered with another range than bytes {}-: '{}'",
                self.offset,
                Printable::new(text)
            ))),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let idle = self.client.inner.options.timeouts.idle;
        loop {
            if self.offset > self.descriptor.size {
                return Err(self.mismatch("more bytes".to_owned(), self.offset));
            }
            let Some(body) = &mut self.body else {
                if self.offset == self.descriptor.size && self.skip == 0 {
                    return self.finish();
                }
                self.open().await?;
                continue;
            };
            match next_chunk(body, idle).await {
                Ok(Some(piece)) => {
                    if let Some(piece) = self.take(piece)? {
                        return Ok(Some(piece));
                    }
                }
                Ok(None) if self.offset == self.descriptor.size => return self.finish(),
                Ok(None) => self.broken("it ended early".to_owned()).await?,
                Err(reason) => self.broken(reason).await?,
            }
        }
    }

    fn take(&mut self, mut piece: Bytes) -> Result<Option<Bytes>, Error> {
        let length = piece.len() as u64;
        if self.skip >= length {
            self.skip -= length;
            return Ok(None);
        }
        if self.skip > 0 {
            // Less than the length of the piece, which is a usize.
            piece = piece.split_off(usize::try_from(self.skip).unwrap_or(0));
            self.skip = 0;
        }
        let reached = self.offset + piece.len() as u64;
        if reached > self.descriptor.size {
            return Err(self.mismatch("more bytes".to_owned(), reached));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        self.offset = reached;
        Ok(Some(piece))
    }

    /// Closes after a break, waits, and leaves it to the next step to open again.
    async fn broken(&mut self, reason: String) -> Result<(), Error> {
        self.body = None;
        if self.offset - self.mark >= FORGIVEN {
            self.backoff.reset();
        }
        self.mark = self.offset;
        let Some(wait) = self.backoff.after_failure(None) else {
            return Err(Error::Unreachable {
                registry: self.place.host().to_string(),
                operation: self.operation(),
                reason: format!(
                    "{reason} (at byte {} of {}, after all tries)",
                    self.offset, self.descriptor.size
                ),
                hint: None,
            });
        };
        tracing::debug!(digest = %self.descriptor.digest, offset = self.offset, reason, "resuming");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// The verdict, once; then the end.
    fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(hasher) = self.hasher.take() else {
            return Ok(None);
        };
        let actual = hasher.finish();
        if actual == self.descriptor.digest {
            Ok(None)
        } else {
            Err(self.mismatch(actual.to_string(), self.offset))
        }
    }
}

/// `bytes start-end/total` (RFC 9110, section 14.4).
fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, end.trim().parse().ok()?, total))
}
