//! Answers a 401 with an `Authorization` header, and remembers which authentication each registry
//! uses.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::header::{basic, bearer};
use super::token::{self, Realm};
use super::{Challenge, Credential, CredentialSource, Scopes};
use crate::Error;
use crate::options::Retry;
use crate::transport::{Response, Transport};

/// Most headers that are remembered; a client of a mirror uses many repositories.
const MOST_HELD: usize = 4096;
/// Time after which the source of a credential is asked again.
const CREDENTIAL_LIFE: Duration = Duration::from_secs(60);

/// The subject of a request, for which a token is requested.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) repository: Option<&'a Repository>,
    pub(crate) scopes: &'a Scopes,
    pub(crate) operation: &'a str,
}

/// An `Authorization` to send.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) value: HeaderValue,
    /// Whether it is based on a credential, and not on an anonymous token.
    pub(crate) proves: bool,
}

/// The authentication that a registry wants.
#[derive(Debug, Clone)]
enum Wants {
    Basic,
    Bearer(Realm),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    registry: Registry,
    repository: Option<Repository>,
    scopes: Scopes,
}

type Slot = Arc<AsyncMutex<Option<Held>>>;

/// An `Authorization` that is remembered until it ends.
struct Held {
    header: Header,
    ends: Instant,
}

/// Makes `Authorization` headers for challenges.
pub(crate) struct Authenticator {
    source: Arc<dyn CredentialSource>,
    retry: Retry,
    wants: Mutex<HashMap<Registry, Wants>>,
    /// The lock of a slot is held while it is filled, so that parallel requests share one token and
    /// one run of a credential helper.
    held: Mutex<HashMap<Key, Slot>>,
}

impl Authenticator {
    pub(crate) fn new(source: Arc<dyn CredentialSource>, retry: Retry) -> Self {
        Self {
            source,
            retry,
            wants: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// The header to send before a challenge, from earlier answers of the registry.
    pub(crate) async fn known(
        &self,
        transport: &Transport,
        asked: Asked<'_>,
    ) -> Result<Option<Header>, Error> {
        let wants = lock(&self.wants).get(asked.registry).cloned();
        match wants {
            None => Ok(None),
            Some(wants) => {
                self.meet(transport, asked, &wants, None, asked.scopes)
                    .await
            }
        }
    }

    /// The header to send after a 401; `rejected` is the one that was sent before. `None` if there
    /// is no better one.
    pub(crate) async fn answer(
        &self,
        transport: &Transport,
        asked: Asked<'_>,
        response: &Response,
        rejected: Option<&Header>,
    ) -> Result<Option<Header>, Error> {
        let challenges = Challenge::all(&response.headers);
        let find = |scheme: &str| challenges.iter().find(|c| c.scheme == scheme);
        let (wants, scopes) = match (find("bearer"), find("basic")) {
            (Some(bearer), _) => {
                let realm = Realm::of(bearer, response, transport)
                    .map_err(|failure| failure.into_error(asked.operation))?;
                let more = bearer.get("scope").map(Scopes::parse).unwrap_or_default();
                (Wants::Bearer(realm), asked.scopes.clone().and(&more))
            }
            (None, Some(_)) => (Wants::Basic, asked.scopes.clone()),
            (None, None) => return Ok(None),
        };
        lock(&self.wants).insert(asked.registry.clone(), wants.clone());
        let header = self
            .meet(transport, asked, &wants, rejected, &scopes)
            .await?;
        // The same header would be refused again.
        Ok(header.filter(|new| rejected.is_none_or(|old| old.value != new.value)))
    }

    /// Finds or makes a header of the kind that the registry uses, other than `rejected`.
    async fn meet(
        &self,
        transport: &Transport,
        asked: Asked<'_>,
        wants: &Wants,
        rejected: Option<&Header>,
        scopes: &Scopes,
    ) -> Result<Option<Header>, Error> {
        let slot = self.slot(asked);
        let mut held = slot.lock().await;
        if let Some(held) = &*held
            && Instant::now() < held.ends
            && rejected.is_none_or(|old| old.value != held.header.value)
        {
            return Ok(Some(held.header.clone()));
        }
        *held = None;
        let credential = self
            .source
            .credential(asked.registry, asked.repository)
            .await?;
        let fresh = match (wants, &credential) {
            (Wants::Basic, None) => None,
            (Wants::Basic, Some(credential)) => direct(credential),
            (Wants::Bearer(_), Some(Credential::Bearer(secret))) => token_header(secret, true),
            (Wants::Bearer(realm), credential) => {
                let token = token::fetch(
                    transport,
                    self.retry,
                    realm,
                    scopes,
                    credential.as_ref(),
                    asked.operation,
                )
                .await?;
                let header = token_header(&token.secret, credential.is_some());
                if let Some(header) = &header {
                    *held = Some(Held {
                        header: header.clone(),
                        ends: token.ends,
                    });
                }
                return Ok(header);
            }
        };
        *held = fresh.clone().map(|header| Held {
            header,
            ends: Instant::now() + CREDENTIAL_LIFE,
        });
        Ok(fresh)
    }

    /// The slot of a request. Its key is the subject of the request, not of the challenge, so that
    /// the next request finds it before it is challenged.
    fn slot(&self, asked: Asked<'_>) -> Slot {
        let key = Key {
            registry: asked.registry.clone(),
            repository: asked.repository.cloned(),
            scopes: asked.scopes.clone(),
        };
        let mut all = lock(&self.held);
        if all.len() >= MOST_HELD && !all.contains_key(&key) {
            all.clear();
        }
        Arc::clone(all.entry(key).or_default())
    }
}

/// The header for the registry itself, without a token server.
fn direct(credential: &Credential) -> Option<Header> {
    match credential {
        Credential::Basic { username, password } => Some(Header {
            value: basic(username, password),
            proves: true,
        }),
        Credential::Bearer(secret) => token_header(secret, true),
        // An identity token can only be exchanged at a token server.
        Credential::IdentityToken(_) => None,
    }
}

fn token_header(secret: &Secret, proves: bool) -> Option<Header> {
    bearer(secret).map(|value| Header { value, proves })
}

fn lock<K: Eq + Hash, V>(map: &Mutex<HashMap<K, V>>) -> std::sync::MutexGuard<'_, HashMap<K, V>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
