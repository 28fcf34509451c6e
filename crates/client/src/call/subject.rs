//! The subject of a request, for its error messages and its credentials.

use lazaret_oci::{Reference, Registry, Repository};

use crate::auth::{Asked, Scopes};
use crate::error::Cause;
use crate::{Error, hub};

/// An operation on a registry, with the scopes that it needs.
pub(crate) struct Call<'a> {
    pub(crate) registry: &'a Registry,
    /// The repository's name at the registry's API.
    pub(crate) repository: Option<Repository>,
    /// The operation, as it follows "failed to" in messages.
    pub(crate) operation: String,
    pub(crate) scopes: Scopes,
    /// Whether it is made without credentials, even if there are any.
    pub(crate) is_anonymous: bool,
}

impl<'a> Call<'a> {
    /// A call that reads from the repository of `reference`. `operation` follows
    /// "failed to" in messages.
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

    /// The error for a registry that breaks the protocol; `reason` follows its name.
    pub(crate) fn protocol(&self, reason: impl Into<String>) -> Error {
        Error::Protocol {
            registry: self.registry.to_string(),
            operation: self.operation.clone(),
            reason: reason.into(),
            cause: Cause::Other,
        }
    }

    /// The subject, as the authenticator needs it.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            registry: self.registry,
            repository: self.repository.as_ref(),
            scopes: &self.scopes,
            operation: &self.operation,
        }
    }
}
