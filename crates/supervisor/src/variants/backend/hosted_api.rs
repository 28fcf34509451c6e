//! A control plane as a store, over the hosted API (`lazaret_variants::Transfer`).

use std::io;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use lazaret_images::Content as _;
use lazaret_net::{TimedBody, USER_AGENT, next_piece, read_bounded};
use lazaret_oci::{Algorithm, Descriptor, Digest, Hasher};
use lazaret_values::{Printable, Secret};
use lazaret_variants::{
    AUDIENCE_HEADER, ControlPlane, DIGEST_HEADER, PULL_PATH, PUSH_PATH, Refusal, TRANSFER_HEADER,
    TransferAnswer, media_type,
};
use tokio::io::AsyncWriteExt as _;

use super::client_http::{Body, Http};
use super::port::{Backend, Fetched, landing};
use crate::variants::item::{Content, Item, Part};
use crate::variants_error::VariantsError;
use crate::{Error, ProgressSink};

/// Largest answer that is no content, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;

/// How a control plane is logged in to.
pub(in crate::variants) struct Login {
    header: HeaderName,
    value: HeaderValue,
    audience: HeaderValue,
}

impl Login {
    /// The login with this token.
    pub(in crate::variants) fn new(plane: &ControlPlane, token: &Secret) -> Result<Self, Error> {
        let unsendable = || VariantsError::Unsendable {
            name: plane.token_variable.clone(),
        };
        let bearer = format!("Bearer {}", token.reveal());
        let mut value = HeaderValue::try_from(bearer).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        let protocol = |reason: &str| VariantsError::Protocol {
            control_plane: plane.name.clone(),
            reason: reason.to_owned(),
        };
        Ok(Self {
            header: HeaderName::try_from(plane.header.as_str())
                .map_err(|_| protocol("its header has no valid name"))?,
            value,
            audience: HeaderValue::try_from(plane.audience.as_str())
                .map_err(|_| protocol("its audience does not go into a header"))?,
        })
    }
}

/// A control plane.
pub(in crate::variants) struct HostedApi {
    pub(in crate::variants) plane: ControlPlane,
    pub(in crate::variants) login: Login,
    pub(in crate::variants) http: Http,
}

impl HostedApi {
    fn protocol(&self, reason: impl Into<String>) -> Error {
        VariantsError::Protocol {
            control_plane: self.plane.name.clone(),
            reason: reason.into(),
        }
        .into()
    }

    fn broken(
        &self,
        action: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        VariantsError::Connection {
            action,
            control_plane: self.plane.name.clone(),
            endpoint: self.plane.endpoint.to_string(),
            source: source.into(),
        }
        .into()
    }

    async fn send(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: Body,
    ) -> Result<Response<TimedBody<Incoming>>, Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.plane.endpoint))
            .header(header::USER_AGENT, USER_AGENT)
            .header(self.login.header.clone(), self.login.value.clone())
            .header(AUDIENCE_HEADER, self.login.audience.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(body)
            .map_err(|error| self.broken("send a request to", error))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|source| self.broken("reach", source))?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status => Err(self.refused(status, answer).await),
        }
    }

    /// The server's own words.
    async fn refused(&self, status: StatusCode, answer: Response<TimedBody<Incoming>>) -> Error {
        let body = read_bounded(answer.into_body(), LARGEST_ANSWER).await;
        let body = body.ok().flatten().unwrap_or_default();
        let message = match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => refusal.message,
            Err(_) if body.is_empty() => "it gives no reason".to_owned(),
            Err(_) => Printable::excerpt(&String::from_utf8_lossy(&body)),
        };
        VariantsError::Refused {
            control_plane: self.plane.name.clone(),
            status: status.as_u16(),
            message,
        }
        .into()
    }

    async fn put_part(
        &self,
        item: &Item,
        content: &Content,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let transfer = item.transfer(&self.plane.name, content.part)?;
        let about = describe(item, content.part, &content.digest, content.size);
        progress.started(&about);
        let (reporter, counted) = (progress.clone(), about.clone());
        let pieces = content.range.read(0).map_err(io::Error::other);
        let pieces = pieces.inspect_ok(move |piece| {
            reporter.advanced(&counted, piece.len() as u64);
        });
        let headers = [
            (TRANSFER_HEADER, transfer.to_json()),
            (DIGEST_HEADER, content.digest.to_string()),
            ("content-length", content.size.to_string()),
            ("content-type", "application/octet-stream".to_owned()),
        ];
        let body = self.http.streamed(pieces);
        let answer = self.send(PUSH_PATH, &headers, body).await?;
        let stated = stated_digest(&answer);
        let body = read_bounded(answer.into_body(), LARGEST_ANSWER).await;
        let body = body.map_err(|error| self.broken("read the answer of", error))?;
        let body = body.ok_or_else(|| self.protocol("its answer is too long"))?;
        let answer: TransferAnswer = serde_json::from_slice(&body)
            .map_err(|_| self.protocol("its answer to a push is not the expected JSON"))?;
        if answer.result.bytes_copied != content.size {
            let (has, sent) = (answer.result.bytes_copied, content.size);
            return Err(self.protocol(format!("it has {has} of {sent} bytes")));
        }
        if let Some(actual) = stated.filter(|stated| *stated != content.digest) {
            return Err(Error::DigestMismatch {
                expected: content.digest.clone(),
                actual,
                subject: format!("what control plane '{}' has", self.plane.name),
            });
        }
        progress.finished(&about);
        Ok(())
    }

    /// Fetches a part; `None` when the control plane does not have it.
    async fn get_part(
        &self,
        item: &Item,
        part: Part,
        progress: &ProgressSink,
    ) -> Result<Option<Fetched>, Error> {
        let transfer = item.transfer(&self.plane.name, part)?;
        let headers = [("content-type", "application/json".to_owned())];
        let body = self.http.whole(transfer.to_json());
        let answer = match self.send(PULL_PATH, &headers, body).await {
            Err(Error::Variants(VariantsError::Refused { status: 404, .. })) => return Ok(None),
            answer => answer?,
        };
        let stated = stated_digest(&answer);
        let size = answer.headers().get(header::CONTENT_LENGTH);
        let size = size.and_then(|size| size.to_str().ok()?.parse::<u64>().ok());
        let about = stated.as_ref().zip(size);
        let about = about.map(|(digest, size)| describe(item, part, digest, size));
        if let Some(about) = &about {
            progress.started(about);
        }
        let new = landing(item, part).await?;
        let mut file = tokio::fs::File::from_std(new.file()?);
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut body = answer.into_body();
        while let Some(piece) = next_piece(&mut body)
            .await
            .map_err(|error| self.broken("read from", error))?
        {
            hasher.update(&piece);
            let written = file.write_all(&piece).await;
            written.map_err(Error::io("write", new.path()))?;
            if let Some(about) = &about {
                progress.advanced(about, piece.len() as u64);
            }
        }
        file.flush().await.map_err(Error::io("write", new.path()))?;
        let digest = hasher.finish();
        if let Some(expected) = stated.filter(|stated| *stated != digest) {
            return Err(Error::DigestMismatch {
                expected,
                actual: digest,
                subject: transfer.store_path(),
            });
        }
        if let Some(about) = &about {
            progress.finished(about);
        }
        Fetched::new(part, new, digest).map(Some)
    }
}

#[async_trait]
impl Backend for HostedApi {
    async fn put(
        &self,
        item: &Item,
        contents: &[Content],
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        for content in contents {
            self.put_part(item, content, progress).await?;
        }
        Ok(())
    }

    async fn get(&self, item: &Item, progress: &ProgressSink) -> Result<Vec<Fetched>, Error> {
        let mut fetched = Vec::new();
        for part in item.parts() {
            fetched.extend(self.get_part(item, *part, progress).await?);
        }
        Ok(fetched)
    }
}

/// What progress is reported of.
fn describe(item: &Item, part: Part, digest: &Digest, size: u64) -> Descriptor {
    let kind = match part {
        Part::Main => media_type::layer(item.kind()),
        Part::Initrd => media_type::INITRD_LAYER,
    };
    Descriptor::new(kind, digest.clone(), size)
}

/// The digest that a server states, if it states one.
fn stated_digest<B>(answer: &Response<B>) -> Option<Digest> {
    let value = answer.headers().get(DIGEST_HEADER)?.to_str().ok()?;
    value.parse().ok()
}
