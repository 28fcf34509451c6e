//! The subject of a request: the words of its errors, and whose credentials go with it.

use lazaret_oci::{Reference, Registry, Repository};

use crate::auth::{Asked, Scopes};
use crate::error::Cause;
use crate::{Error, hub};

/// An attempt, with the credentials that it is made with.
pub(crate) struct Call<'a> {
    pub(crate) registry: &'a Registry,
    /// In the registry's own spelling.
    pub(crate) repository: Option<Repository>,
    /// Goes on after "failed to".
    pub(crate) operation: String,
    pub(crate) scopes: Scopes,
    /// Whether it is made without credentials, whoever asks for them.
    pub(crate) is_anonymous: bool,
}

impl<'a> Call<'a> {
    /// A call about the repository of `reference`, to read from it. `operation` goes on after
    /// "failed to".
    pub(crate) fn on(reference: &'a Reference, operation: String) -> Self {
        let repository = hub::api_name(&reference.registry, &reference.repository);
        Self {
            registry: &reference.registry,
            operation,
            scopes: Scopes::pull(&repository),
            repository: Some(repository),
            is_anonymous: false,
        }
    }

    /// A call about the registry as a whole.
    pub(crate) fn at(registry: &'a Registry, operation: String) -> Self {
        Self {
            registry,
            repository: None,
            operation,
            scopes: Scopes::none(),
            is_anonymous: false,
        }
    }

    /// The error of a registry that breaks the protocol; `reason` goes on after its name.
    pub(crate) fn protocol(&self, reason: impl Into<String>) -> Error {
        Error::Protocol {
            registry: self.registry.to_string(),
            operation: self.operation.clone(),
            reason: reason.into(),
            cause: Cause::Other,
        }
    }

    /// The question to the authenticator.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            registry: self.registry,
            repository: self.repository.as_ref(),
            scopes: &self.scopes,
            operation: &self.operation,
        }
    }
}
