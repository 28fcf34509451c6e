//! What a user should know of the credentials of a run.

use std::fmt;

use lazaret_secrets::SecretName;

/// A credential that a run may want and does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialNotice {
    /// Its secret is not stored.
    NotStored {
        /// Its name.
        name: SecretName,
        /// The variables of the agent that have a placeholder instead.
        env: Vec<String>,
        /// The artifact that describes the service, if it is not one that this program knows.
        artifact: Option<String>,
    },
    /// The secret that is stored was given for other hosts than the service of this run has.
    OtherHosts {
        /// Its name.
        name: SecretName,
        /// The hosts of the service.
        wanted: Vec<String>,
        /// The artifact that describes the service, if it is not one that this program knows.
        artifact: Option<String>,
    },
    /// The secret that is stored was given for another part of requests than the service of this run names.
    OtherForm {
        /// Its name.
        name: SecretName,
        /// The form for which it was given.
        given: String,
        /// The form that the service names.
        wanted: String,
        /// The artifact that describes the service, if it is not one that this program knows.
        artifact: Option<String>,
    },
    /// No integration of the run's policy has a credential of this name.
    NoIntegration {
        /// The name that the agent gives.
        name: String,
        /// The variable in which the agent expects it.
        env: String,
    },
    /// Several integrations have a credential of this name.
    Ambiguous {
        /// The name that the agent gives.
        name: String,
        /// The variable in which the agent expects it.
        env: String,
        /// Their ids.
        integrations: Vec<String>,
    },
    /// The policy names a service that nobody describes.
    Unknown {
        /// Its id.
        id: String,
    },
}

impl fmt::Display for CredentialNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStored { name, env, .. } if env.is_empty() => write!(
                formatter,
                "credential '{name}' is not available on this machine: requests that need it are \
                 refused"
            ),
            Self::NotStored { name, env, .. } => write!(
                formatter,
                "credential '{name}' ({}) is not available on this machine: requests that need it \
                 are refused",
                env.join(", ")
            ),
            Self::OtherForm {
                name,
                given,
                wanted,
                ..
            } => write!(
                formatter,
                "credential '{name}' was given for {given}, and this run's integration names \
                 {wanted}: it is not sent there"
            ),
            Self::OtherHosts { name, wanted, .. } => write!(
                formatter,
                "credential '{name}' was given for other hosts than this run's integration has ({}): \
                 it is not sent there",
                wanted.join(", ")
            ),
            Self::NoIntegration { name, env } => write!(
                formatter,
                "credential '{name}' ({env}) is not available on this machine: no integration of the \
                 policy has it, and the agent runs without it"
            ),
            Self::Ambiguous {
                name,
                env,
                integrations,
            } => write!(
                formatter,
                "credential '{name}' ({env}) is one of several integrations ({}): the agent runs \
                 without it",
                integrations.join(", ")
            ),
            Self::Unknown { id } => write!(
                formatter,
                "integration '{id}' of the policy is not known: it has no hosts and no credentials"
            ),
        }
    }
}
