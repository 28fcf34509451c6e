//! The client: options, credentials and connections behind a handle that is cheap to clone.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use lazaret_oci::{Reference, Registry};

use crate::auth::{Authenticator, Credential, CredentialSource, Fixed};
use crate::options::Options;
use crate::transport::{Origin, Transport};
use crate::{Error, hub};

/// Talks to registries. Clones share connections, tokens and credentials.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) transport: Transport,
    pub(crate) authenticator: Authenticator,
}

impl Client {
    /// Makes a client. It connects to nothing and reads no credentials yet.
    ///
    /// # Errors
    /// [`Error::Options`] when a certificate or key file or the proxy cannot be used.
    pub fn new(options: Options, credentials: Arc<dyn CredentialSource>) -> Result<Self, Error> {
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(&options)?,
                authenticator: Authenticator::new(credentials, options.retry),
                options,
            }),
        })
    }

    /// Makes a client with one credential for one registry, and none for others.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_credential(
        options: Options,
        registry: &Registry,
        credential: Credential,
    ) -> Result<Self, Error> {
        let registry = registry.clone();
        let fixed = Fixed {
            registry,
            credential,
        };
        Self::new(options, Arc::new(fixed))
    }

    /// The options of the client.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The URL of `path` (with query) at `registry`.
    pub(crate) fn url(&self, registry: &Registry, path: &str) -> Uri {
        let plain = self.inner.transport.plain.allows(registry);
        let scheme = if plain { "http" } else { "https" };
        format!("{scheme}://{}{path}", hub::api_host(registry))
            .parse()
            .expect("registries, names, tags and digests are valid in URLs")
    }

    /// The URL of `/v2/<name>/<rest>` for the repository of a reference.
    pub(crate) fn url_in(&self, reference: &Reference, rest: &str) -> Uri {
        let name = hub::api_name(&reference.registry, &reference.repository);
        self.url(&reference.registry, &format!("/v2/{name}/{rest}"))
    }

    /// Whether a URL is on the registry's own origin.
    pub(crate) fn is_ours(&self, registry: &Registry, uri: &Uri) -> bool {
        Origin::of(uri) == Origin::of(&self.url(registry, "/"))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}
