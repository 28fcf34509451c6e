//! The secrets of one machine, as its holder hands them to the boundary.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lazaret_egress::{CredentialAnswer, Integration};
use lazaret_secrets::{Giver, Refusal, SecretName};
use lazaret_values::Chain;

use super::record::RunRecord;
use crate::Error;
use crate::audit::{AuditEvent, AuditLog};

/// Answers what the boundary of a machine asks for. The store is read for each request: a secret that is
/// forgotten is not used again.
#[derive(Debug)]
pub struct RunCredentials {
    integrations: Vec<Integration>,
    giver: Giver,
    denied: Mutex<HashSet<SecretName>>,
    audit: Arc<AuditLog>,
}

impl RunCredentials {
    /// The secrets of the machine in a folder, which is recorded in its log.
    ///
    /// # Errors
    /// Those of the machine's file.
    pub fn open(folder: &Path, audit: Arc<AuditLog>) -> Result<Option<Self>, Error> {
        let record = RunRecord::read(folder)?;
        Ok(record.map(|record| Self {
            integrations: record.integrations,
            giver: Giver::new(record.secrets),
            denied: Mutex::default(),
            audit,
        }))
    }

    /// The services of the machine, for the boundary.
    #[must_use]
    pub fn integrations(&self) -> &[Integration] {
        &self.integrations
    }

    /// The secret for a request to a host, or why there is none. That it was asked for is recorded, with
    /// names only.
    pub async fn answer(
        &self,
        integration: &str,
        credential: &str,
        host: &str,
    ) -> CredentialAnswer {
        let answer = match self.named(integration, credential, host) {
            Ok((name, form)) => self.secret(&name, host, &form).await,
            Err(reason) => CredentialAnswer::Missing(reason),
        };
        let refused = match &answer {
            CredentialAnswer::Secret(_) => None,
            CredentialAnswer::Missing(reason) => Some(reason.clone()),
        };
        self.audit.note(&AuditEvent::Credential {
            integration: integration.to_owned(),
            credential: credential.to_owned(),
            host: host.to_owned(),
            refused,
        });
        answer
    }

    /// A person has said no, for as long as this machine's holder lives: the credential counts as missing.
    ///
    /// # Errors
    /// [`lazaret_secrets::Error::Name`].
    pub fn deny(&self, integration: &str, credential: &str) -> Result<(), Error> {
        let name = SecretName::new(integration, credential)
            .map_err(crate::integration_error::IntegrationError::from)?;
        self.denied
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name);
        Ok(())
    }

    /// Checks that the run has this credential, for this host; returns in which form it is sent, too.
    fn named(
        &self,
        integration: &str,
        credential: &str,
        host: &str,
    ) -> Result<(SecretName, String), String> {
        let foreign = || format!("this machine has no credential '{integration}/{credential}'");
        let mut all = self.integrations.iter();
        let found = all
            .find(|have| have.id == integration)
            .ok_or_else(foreign)?;
        let mut credentials = found.credentials.iter();
        let declared = credentials
            .find(|have| have.name == credential)
            .ok_or_else(foreign)?;
        let is_there = |endpoint: &lazaret_egress::Endpoint| {
            let place = lazaret_secrets::Place {
                host: endpoint.host.clone(),
                ports: Vec::new(),
            };
            place.has_host(host)
        };
        if !found.endpoints.iter().any(is_there) {
            return Err(format!(
                "'{host}' is no host of integration '{integration}'"
            ));
        }
        let name = SecretName::new(integration, credential).map_err(|error| error.to_string())?;
        Ok((name, declared.inject.told(declared.format.as_deref())))
    }

    async fn secret(&self, name: &SecretName, host: &str, form: &str) -> CredentialAnswer {
        let is_denied = {
            let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
            denied.contains(name)
        };
        let given = match is_denied {
            true => Err(Refusal::Denied),
            false => self.giver.give(name, host, form).await,
        };
        match given {
            Ok(secret) => CredentialAnswer::Secret(secret.reveal().to_owned()),
            Err(error) => {
                CredentialAnswer::Missing(format!("credential '{name}': {}", Chain(&error)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
