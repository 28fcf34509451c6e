//! `GET` of a plain URL of a blob.

use http::Uri;
use lazaret_oci::{Descriptor, Hasher, Registry};

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
        let hasher = Hasher::new(blob.digest.algorithm());
        let place = Place::Url { host, uri };
        self.pull_from(place, blob, 0, hasher).await
    }
}
