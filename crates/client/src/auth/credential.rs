//! Credentials, and the port that provides them.

use futures_util::future::BoxFuture;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;

use crate::Error;

/// A credential for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user name with a password or access token.
    Basic {
        /// The user name.
        username: String,
        /// The password or access token.
        password: Secret,
    },
    /// A refresh token for the registry's token server.
    IdentityToken(Secret),
    /// A token that is sent to the registry as it is.
    Bearer(Secret),
}

/// A source of credentials.
pub trait CredentialSource: Send + Sync {
    /// The credential for a repository of a registry, or for the registry as a whole. `None`
    /// means anonymous access.
    ///
    /// # Errors
    /// [`Error::CredentialFile`] and [`Error::CredentialHelper`] when the source cannot be read.
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        repository: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>>;
}

/// No credentials at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

impl CredentialSource for Anonymous {
    fn credential<'a>(
        &'a self,
        _: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async { Ok(None) })
    }
}

/// A source with a credential for one registry, and none for others.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    pub(crate) registry: Registry,
    pub(crate) credential: Credential,
}

impl CredentialSource for Fixed {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        let found = (*registry == self.registry).then(|| self.credential.clone());
        Box::pin(async move { Ok(found) })
    }
}
