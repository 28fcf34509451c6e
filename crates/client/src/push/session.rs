//! An upload session and its location, to which the next request goes.

use http::{Method, Uri, header};
use lazaret_oci::{Descriptor, Repository};

use crate::auth::Scopes;
use crate::call::{Call, Request, content_digest};
use crate::transport::{Reach, Response, resolve};
use crate::{Client, Error};

/// The answer to the first request.
pub(super) enum Start {
    /// The blob is there already.
    Mounted,
    /// The registry waits for the blob's content.
    Session(Session),
}

/// An upload session.
pub(super) struct Session {
    pub(super) location: Uri,
    /// The addresses to which the server that gave the location may point.
    pub(super) reach: Reach,
    /// Smallest size of a chunk in bytes (`OCI-Chunk-Min-Length`).
    pub(super) least: u64,
}

impl Session {
    /// The URL that closes the session with `digest`.
    pub(super) fn closing(&self, call: &Call<'_>, blob: &Descriptor) -> Result<Uri, Error> {
        let text = self.location.to_string();
        let joint = match self.location.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        format!("{text}{joint}digest={}", blob.digest)
            .parse()
            .map_err(|_| call.protocol("gave an upload location that cannot be closed"))
    }

    pub(super) fn request(&self, method: Method, uri: Uri) -> Request {
        let mut request = Request::new(method, uri);
        request.reach = self.reach;
        request.with(header::CONTENT_TYPE, "application/octet-stream")
    }
}

impl Client {
    /// Opens a session, or mounts the blob from another repository.
    pub(super) async fn start(
        &self,
        call: &Call<'_>,
        blob: &Descriptor,
        mount: Option<&Repository>,
    ) -> Result<Start, Error> {
        let repository = call.repository.as_ref().map_or("", Repository::as_str);
        let base = format!("/v2/{repository}/blobs/uploads/");
        if let Some(from) = mount {
            let path = format!("{base}?mount={}&from={from}", blob.digest);
            let scopes = Scopes::pull(from);
            let mounting = Call {
                registry: call.registry,
                repository: call.repository.clone(),
                operation: call.operation.clone(),
                scopes: call.scopes.clone().and(&scopes),
                is_anonymous: false,
            };
            let request = Request::new(Method::POST, self.url(call.registry, &path));
            // Mounting is a shortcut: when it is refused, for example because the credentials
            // do not cover the other repository, the blob is sent.
            match self.request(&mounting, &request).await {
                Ok(response) if response.status == 201 => {
                    check_digest(call, blob, &response)?;
                    return Ok(Start::Mounted);
                }
                Ok(response) if response.status == 202 => {
                    return self.session(call, &response).map(Start::Session);
                }
                Ok(response) => {
                    tracing::debug!(status = %response.status, "not mounted");
                }
                Err(error @ Error::Unauthorized { .. }) => tracing::debug!(%error, "not mounted"),
                Err(error) => return Err(error),
            }
        }
        let request = Request::new(Method::POST, self.url(call.registry, &base));
        let response = self.expect(call, &request, &[201, 202]).await?;
        self.session(call, &response).map(Start::Session)
    }

    fn session(&self, call: &Call<'_>, response: &Response) -> Result<Session, Error> {
        let least = response
            .header("oci-chunk-min-length")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        let (location, reach) = self
            .location(call, response)?
            .ok_or_else(|| call.protocol("opened an upload without a location"))?;
        Ok(Session {
            location,
            reach,
            least,
        })
    }

    /// The URL at which a response says to continue.
    pub(super) fn location(
        &self,
        call: &Call<'_>,
        response: &Response,
    ) -> Result<Option<(Uri, Reach)>, Error> {
        let Some(text) = response.header(header::LOCATION) else {
            return Ok(None);
        };
        let location = resolve(&response.uri, text)
            .ok_or_else(|| call.protocol("gave an unusable upload location"))?;
        self.inner
            .transport
            .check_step(&response.uri, &location, "upload location")
            .map_err(|failure| failure.into_error(&call.operation))?;
        let reach = response.reach_to(&location);
        Ok(Some((location, reach)))
    }
}

/// Checks the digest that the registry states for the blob.
pub(super) fn check_digest(
    call: &Call<'_>,
    blob: &Descriptor,
    response: &Response,
) -> Result<(), Error> {
    match content_digest(call, &response.headers)? {
        Some(stated) if stated.algorithm() == blob.digest.algorithm() && stated != blob.digest => {
            Err(Error::Integrity {
                registry: call.registry.to_string(),
                operation: call.operation.clone(),
                expected: Box::new(blob.digest.clone()),
                expected_bytes: Some(blob.size),
                actual: stated.to_string(),
                bytes: blob.size,
            })
        }
        _ => Ok(()),
    }
}
