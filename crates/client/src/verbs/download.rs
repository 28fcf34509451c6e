//! `GET` of a plain URL of a blob, and `HEAD` for its size.

use http::{Method, Uri, header};
use lazaret_oci::{Descriptor, Hasher, Registry};

use crate::call::{Call, Request};
use crate::error::UrlFault;
use crate::pull::{Blob, Place};
use crate::transport::Origin;
use crate::{Client, Error};

impl Client {
    /// Opens the content of a plain URL, which must match `blob`. No credentials are sent; plain
    /// HTTP is used for the hosts on which registries may use it.
    ///
    /// # Errors
    /// [`Error::Url`] for an unusable URL; otherwise as [`Client::blob`].
    pub async fn download(&self, url: &str, blob: &Descriptor) -> Result<Blob, Error> {
        let hasher = Hasher::new(blob.digest.algorithm());
        self.download_rest(url, blob, 0, hasher).await
    }

    /// As [`Client::download`], for content whose first `offset` bytes are at hand and were hashed by
    /// `hasher`.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub async fn download_rest(
        &self,
        url: &str,
        blob: &Descriptor,
        offset: u64,
        hasher: Hasher,
    ) -> Result<Blob, Error> {
        let (host, uri) = self.place(url)?;
        let place = Place::Url { host, uri };
        self.pull_from(place, blob, offset, hasher).await
    }

    /// The size in bytes that a server states for a plain URL, with one `HEAD`.
    ///
    /// # Errors
    /// As [`Client::download`]; [`Error::Protocol`] when it states none.
    pub async fn download_size(&self, url: &str) -> Result<u64, Error> {
        let (host, uri) = self.place(url)?;
        let mut call = Call::at(&host, format!("ask for the size of {uri}"));
        call.is_anonymous = true;
        let request = Request::new(Method::HEAD, uri);
        let response = self.expect(&call, &request, &[200]).await?;
        let stated = response.header(header::CONTENT_LENGTH);
        let size = stated.and_then(|text| text.trim().parse().ok());
        size.ok_or_else(|| call.protocol("stated no size"))
    }

    fn place(&self, url: &str) -> Result<(Registry, Uri), Error> {
        let refused = |fault| Error::Url {
            url: url.to_owned(),
            fault,
        };
        let uri: Uri = url.parse().map_err(|_| refused(UrlFault::NotUrl))?;
        let origin = Origin::of(&uri).ok_or_else(|| refused(UrlFault::NotHttp))?;
        let host: Registry = format!("{}:{}", origin.host(), origin.port())
            .parse()
            .map_err(|_| refused(UrlFault::BadHost))?;
        if !origin.tls && !self.inner.transport.plain.allows(&host) {
            return Err(refused(UrlFault::PlainNotListed));
        }
        Ok((host, uri))
    }
}
