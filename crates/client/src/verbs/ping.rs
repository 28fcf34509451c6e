//! `GET /v2/`: whether the server is a registry, and accepts the credentials.

use std::sync::Arc;

use lazaret_oci::Registry;

use crate::auth::{Credential, Fixed};
use crate::call::{Call, Request};
use crate::{Client, Error};

/// A registry's answer to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ping {
    /// It asked for authentication and accepted the credentials.
    Authenticated,
    /// It asked for authentication and accepted an anonymous token.
    Anonymous,
    /// It did not ask for authentication, so nothing is known about the credentials.
    Open,
}

impl Client {
    /// Checks that `registry` speaks the distribution API and lets this client in.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when it does not let this client in; [`Error::Protocol`] when it is
    /// not a registry.
    pub async fn ping(&self, registry: &Registry) -> Result<Ping, Error> {
        let call = Call::at(registry, format!("reach {registry}"));
        let request = Request::get(self.url(registry, "/v2/"));
        let response = self.expect(&call, &request, &[200]).await?;
        Ok(match (response.proved, response.sent) {
            (true, _) => Ping::Authenticated,
            (false, Some(_)) => Ping::Anonymous,
            (false, None) => Ping::Open,
        })
    }

    /// Checks a credential with `registry` before it is stored. The client's own credentials
    /// are not used.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when the registry does not accept it.
    pub async fn verify(&self, registry: &Registry, credential: Credential) -> Result<Ping, Error> {
        let fixed = Fixed {
            registry: registry.clone(),
            credential,
        };
        Self::new(self.options().clone(), Arc::new(fixed))?
            .ping(registry)
            .await
    }
}
