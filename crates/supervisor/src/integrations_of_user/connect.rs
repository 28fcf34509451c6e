//! Stores, lists and forgets the secrets of services.

use lazaret_secrets::{Keeper, Kind, NewSecret, SecretName, Store};
use lazaret_values::Secret;
use serde::Serialize;

use crate::integration_error::IntegrationError;
use crate::integrations::{RunRecord, Service, ServiceCredential};
use crate::{Error, Home, time};

/// Longest secret, in bytes.
const LONGEST: usize = 64 * 1024;

/// A secret that is stored, without its text.
#[derive(Debug, Clone, Serialize)]
pub struct Connection {
    /// The id of the service.
    pub integration: String,
    /// The name of the credential.
    pub credential: String,
    /// `secret`, `oauth` or `denied`.
    pub kind: &'static str,
    /// Where its text is: `file` or `keyring`; `None` for one that is denied.
    pub keeper: Option<&'static str>,
    /// When it was stored (RFC 3339).
    pub since: String,
    /// The hosts that it is for.
    pub hosts: Vec<String>,
    /// The token endpoint of a refresh token.
    pub token_url: Option<String>,
    /// Names of the machines that have the service.
    pub machines: Vec<String>,
}

impl Home {
    /// Finds the credential of a service that is meant: the one of this name, or the only one.
    ///
    /// # Errors
    /// [`IntegrationError::WhichCredential`], [`IntegrationError::NoCredential`].
    pub fn credential(&self, service: &Service, name: Option<&str>) -> Result<SecretName, Error> {
        let names: Vec<String> = service
            .credentials
            .iter()
            .map(|credential| credential.name.clone())
            .collect();
        let missing = |name: &str| IntegrationError::NoCredential {
            id: service.id.clone(),
            name: name.to_owned(),
            names: names.clone(),
        };
        let name = match (name, names.as_slice()) {
            (Some(name), _) if names.iter().any(|has| has == name) => name,
            (Some(name), _) => return Err(missing(name).into()),
            (None, [only]) => only,
            (None, []) => return Err(missing("").into()),
            (None, _) => {
                return Err(IntegrationError::WhichCredential {
                    id: service.id.clone(),
                    names,
                }
                .into());
            }
        };
        Ok(SecretName::new(&service.id, name).map_err(IntegrationError::from)?)
    }

    /// Stores a secret for the hosts of a service.
    ///
    /// # Errors
    /// [`IntegrationError::Secret`]; those of the store.
    pub async fn connect(
        &self,
        name: &SecretName,
        service: &Service,
        new: NewSecret,
    ) -> Result<Connection, Error> {
        match &new {
            NewSecret::Secret(secret) => check(secret)?,
            NewSecret::OAuth(grant, token) => {
                grant
                    .check()
                    .map_err(|error| IntegrationError::Secrets(error.into()))?;
                check(token)?;
            }
            NewSecret::Denied => {}
        }
        let store = self.secret_store();
        let places = service.places.clone();
        let credential = service.credential(name.credential());
        let form = credential.map(ServiceCredential::goes_to);
        let form = form.unwrap_or_default();
        let put = store.put(name, new, places, &form).await;
        put.map_err(IntegrationError::from)?;
        let mut connections = self.connections()?.into_iter();
        let stored = connections.find(|stored| {
            stored.integration == name.integration() && stored.credential == name.credential()
        });
        Ok(stored.ok_or_else(|| IntegrationError::NotFound {
            id: name.integration().to_owned(),
        })?)
    }

    /// Forgets the secrets of a service, or that of one credential; returns their names. Machines that run
    /// get them no more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn disconnect(
        &self,
        id: &str,
        credential: Option<&str>,
    ) -> Result<Vec<SecretName>, Error> {
        let store = self.secret_store();
        let mut removed = Vec::new();
        for kept in store.list().map_err(IntegrationError::from)? {
            let name = kept.name;
            let is_meant = name.integration() == id
                && credential.is_none_or(|credential| name.credential() == credential);
            if is_meant && store.remove(&name).await.map_err(IntegrationError::from)? {
                removed.push(name);
            }
        }
        Ok(removed)
    }

    /// The secrets that are stored.
    ///
    /// # Errors
    /// Those of the store.
    pub fn connections(&self) -> Result<Vec<Connection>, Error> {
        let mut users: Vec<(String, String)> = Vec::new();
        for found in self.machines.list()? {
            // A file that cannot be read is told when the machine is started.
            let record = RunRecord::read(&found.folder).ok().flatten();
            for integration in record.into_iter().flat_map(|record| record.integrations) {
                users.push((integration.id, found.spec.name.clone()));
            }
        }
        let kept = self.secret_store().list().map_err(IntegrationError::from)?;
        let connection = |kept: lazaret_secrets::Kept| {
            let id = kept.name.integration();
            let machines = users.iter().filter(|(of, _)| of == id);
            Connection {
                integration: id.to_owned(),
                credential: kept.name.credential().to_owned(),
                kind: match &kept.kind {
                    Kind::Secret => "secret",
                    Kind::OAuth(_) => "oauth",
                    Kind::Denied => "denied",
                },
                keeper: match kept.keeper {
                    Keeper::File => Some("file"),
                    Keeper::Keyring => Some("keyring"),
                    Keeper::Nobody => None,
                },
                since: time::stamp(kept.since),
                hosts: kept.places.iter().map(ToString::to_string).collect(),
                token_url: match &kept.kind {
                    Kind::OAuth(grant) => Some(grant.token_url.clone()),
                    _ => None,
                },
                machines: machines.map(|(_, machine)| machine.clone()).collect(),
            }
        };
        Ok(kept.into_iter().map(connection).collect())
    }

    fn secret_store(&self) -> Store {
        Store::new(&self.secret_settings())
    }
}

fn check(secret: &Secret) -> Result<(), IntegrationError> {
    let text = secret.reveal();
    let reason = if text.trim().is_empty() {
        "it is empty"
    } else if text.len() > LONGEST {
        "it is longer than 64 KiB"
    } else if text.contains(['\n', '\r']) {
        "it has several lines"
    } else if text.chars().any(char::is_control) {
        "it has control characters"
    } else {
        return Ok(());
    };
    Err(IntegrationError::Secret { reason })
}
