//! Hands out secrets: each one is looked up anew, so that what was forgotten is not used again.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lazaret_files::blocking;
use lazaret_values::Secret;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::grant::{Fresh, Grant, GrantError};
use crate::kept::{Kept, Kind};
use crate::oauth::TokenClient;
use crate::place::listed;
use crate::store::Store;
use crate::{Error, Keeper, Refusal, SecretName, Settings};

/// How long before its end an access token is not used any more, at most; of a short-lived one a tenth.
const SPARE: Duration = Duration::from_secs(60);
/// How long an access token is used that does not say how long it lives.
const UNKNOWN_LIFE: Duration = Duration::from_secs(300);

/// Hands out the secrets of a store, for one process.
#[derive(Debug)]
pub struct Giver {
    store: Store,
    settings: Settings,
    client: OnceCell<TokenClient>,
    /// What is in memory, by name: one exchange at a time for each.
    ready: Mutex<HashMap<SecretName, Arc<Mutex<Option<Ready>>>>>,
}

/// A secret in memory.
#[derive(Debug)]
struct Ready {
    /// Of the entry that it belongs to.
    serial: String,
    secret: Secret,
    until: Option<Instant>,
}

impl Giver {
    /// Hands out the secrets of these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            store: Store::new(&settings),
            settings,
            client: OnceCell::new(),
            ready: Mutex::default(),
        }
    }

    /// The secret of this name for a request to `host` in this form: the secret itself, or an access token.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn give(
        &self,
        name: &SecretName,
        host: &str,
        sent_as: &str,
    ) -> Result<Secret, Refusal> {
        let kept = self.kept(name).await?;
        if kept.kind == Kind::Denied {
            return Err(Refusal::Denied);
        }
        if !kept.places.iter().any(|place| place.has_host(host)) {
            return Err(Refusal::OtherHost {
                places: listed(&kept.places),
                host: host.to_owned(),
            });
        }
        // Elsewhere in a request a server may show it to whoever has sent it.
        if kept.sent_as != sent_as {
            return Err(Refusal::OtherForm {
                given: kept.sent_as,
                wanted: sent_as.to_owned(),
            });
        }
        match &kept.kind {
            Kind::Secret if kept.keeper == Keeper::File => self.reveal(&kept).await,
            _ => self.ready(&kept).await,
        }
    }

    /// A secret that is worth keeping in memory: an access token, or one of the keyring.
    async fn ready(&self, kept: &Kept) -> Result<Secret, Refusal> {
        let slot = {
            let mut ready = self.ready.lock().await;
            ready.entry(kept.name.clone()).or_default().clone()
        };
        let mut slot = slot.lock().await;
        if let Some(ready) = slot.as_ref()
            && ready.serial == kept.serial
            && ready.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(ready.secret.clone());
        }
        *slot = None;
        let (secret, until) = match &kept.kind {
            Kind::OAuth(grant) => {
                let fresh = self.exchange(kept, grant).await?;
                let lives = fresh.lives.unwrap_or(UNKNOWN_LIFE);
                let used = lives - SPARE.min(lives / 10);
                (fresh.access, Instant::now().checked_add(used))
            }
            _ => (self.reveal(kept).await?, None),
        };
        *slot = Some(Ready {
            serial: kept.serial.clone(),
            secret: secret.clone(),
            until,
        });
        Ok(secret)
    }

    /// Gets an access token. Whoever waits for it may go: what the endpoint has given is stored all the
    /// same.
    async fn exchange(&self, kept: &Kept, grant: &Grant) -> Result<Fresh, Refusal> {
        let client = self.client().await?.clone();
        let (store, kept, grant) = (self.store.clone(), kept.clone(), grant.clone());
        let exchanging =
            tokio::spawn(async move { exchange(&store, &client, &kept, &grant).await });
        match exchanging.await {
            Ok(fresh) => fresh,
            Err(_) => Err(Error::Stopped(lazaret_files::Stopped).into()),
        }
    }

    async fn client(&self) -> Result<&TokenClient, GrantError> {
        let make = || async {
            let settings = self.settings.clone();
            blocking(move || TokenClient::new(&settings).map_err(Error::from)).await
        };
        self.client
            .get_or_try_init(make)
            .await
            .map_err(|error| match error {
                Error::Grant(error) => error,
                error => GrantError::Authorities {
                    reason: error.to_string(),
                },
            })
    }

    async fn kept(&self, name: &SecretName) -> Result<Kept, Refusal> {
        find(&self.store, name).await
    }

    async fn reveal(&self, kept: &Kept) -> Result<Secret, Refusal> {
        self.store.reveal(kept).await?.ok_or(Refusal::Absent)
    }
}

/// Gets an access token. A new refresh token is stored before anything else happens: the endpoint takes
/// the old one no more.
async fn exchange(
    store: &Store,
    client: &TokenClient,
    kept: &Kept,
    grant: &Grant,
) -> Result<Fresh, Refusal> {
    let turn = store.turn().await?;
    // Another process may have had its turn before, and the user another mind.
    let now = find(store, &kept.name).await?;
    if now.serial != kept.serial {
        return Err(GrantError::Replaced.into());
    }
    let token = store.reveal(kept).await?.ok_or(Refusal::Absent)?;
    let fresh = client.refresh(grant, &token).await?;
    if let Some(refresh) = &fresh.refresh
        && *refresh != token
        && !store.rotate(kept, refresh).await?
    {
        return Err(GrantError::Replaced.into());
    }
    drop(turn);
    Ok(fresh)
}

async fn find(store: &Store, name: &SecretName) -> Result<Kept, Refusal> {
    let (store, name) = (store.clone(), name.clone());
    let kept = blocking(move || store.find(&name)).await?;
    kept.ok_or(Refusal::Absent)
}
