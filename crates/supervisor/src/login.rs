//! Stored credentials of registries.

use lazaret_client::{Credential, Store};
use lazaret_oci::Registry;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Home};

/// A registry with stored credentials.
#[derive(Debug, Clone, Serialize)]
pub struct Login {
    /// The registry and an optional path in it: `host[:port][/path]`.
    pub registry: String,
    /// The user name; `None` for a token.
    pub username: Option<String>,
}

impl Home {
    /// Stores credentials after the registry has accepted them.
    ///
    /// # Errors
    /// Those of the registry. Nothing is stored then.
    pub async fn login(&self, registry: &Registry, credential: Credential) -> Result<(), Error> {
        self.client.verify(registry, credential.clone()).await?;
        Ok(self.credential_store().put(registry, None, &credential)?)
    }

    /// Removes stored credentials; `false` when there were none.
    ///
    /// # Errors
    /// Those of the credential file.
    pub fn logout(&self, registry: &Registry) -> Result<bool, Error> {
        Ok(self.credential_store().remove(registry, None)?)
    }

    /// Lists the stored credentials, without secrets.
    ///
    /// # Errors
    /// Those of the credential file.
    pub fn logins(&self) -> Result<Vec<Login>, Error> {
        let entries = self.credential_store().list()?;
        Ok(entries
            .into_iter()
            .map(|entry| Login {
                registry: entry.key,
                username: entry.username,
            })
            .collect())
    }

    /// Asks a registry for the artifact families that it knows.
    ///
    /// # Errors
    /// Those of the registry.
    pub async fn types(&self, registry: &Registry) -> Result<Value, Error> {
        Ok(self.client.types(registry).await?)
    }

    fn credential_store(&self) -> Store {
        let path = self.settings.credentials.own.clone();
        Store::new(path.unwrap_or_else(|| self.settings.data.join("credentials.json")))
    }
}
