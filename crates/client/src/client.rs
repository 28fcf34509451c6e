//! The client: options, credentials and connections behind a cheap handle.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use lazaret_oci::{Reference, Registry, Repository};

use crate::Error;
use crate::auth::{Authenticator, CredentialSource};
use crate::options::Options;
use crate::transport::Transport;

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
    /// A client. Nothing is connected or looked up yet.
    ///
    /// # Errors
    /// [`Error::Options`] when a certificate file cannot be read.
    pub fn new(options: Options, credentials: Arc<dyn CredentialSource>) -> Result<Self, Error> {
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(&options)?,
                authenticator: Authenticator::new(credentials, options.retry),
                options,
            }),
        })
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The URL of `path` (with query) at `registry`.
    pub(crate) fn url(&self, registry: &Registry, path: &str) -> Uri {
        let plain = self.inner.transport.plain.allows(registry);
        let scheme = if plain { "http" } else { "https" };
        let host = match registry.as_str() {
            // What people call Docker Hub is not where its API is.
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            other => other,
        };
        format!("{scheme}://{host}{path}")
            .parse()
            .expect("registries, names, tags and digests are valid in URLs")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

/// The repository as the registry's API calls it: single names on Docker Hub are in `library/`.
pub(crate) fn api_name(registry: &Registry, repository: &Repository) -> Repository {
    let hub = matches!(
        registry.as_str(),
        "docker.io" | "index.docker.io" | "registry-1.docker.io"
    );
    if hub && repository.segments().count() == 1 {
        format!("library/{repository}")
            .parse()
            .unwrap_or_else(|_| repository.clone())
    } else {
        repository.clone()
    }
}

/// `/v2/<name>/<rest>` for the repository of a reference.
pub(crate) fn path(reference: &Reference, rest: &str) -> String {
    let name = api_name(&reference.registry, &reference.repository);
    format!("/v2/{name}/{rest}")
}
