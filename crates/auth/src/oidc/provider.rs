//! One issuer with its keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::claims;
use super::fetch::{self, Fetch};
use super::jwks::KeySet;
use crate::error::Error;
use crate::jwt::{self, Claims, Fault, PublicKey, Unverified};
use crate::settings::Oidc;

/// Time for which keys are used before they are fetched again.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// Shortest time between two fetches, so that tokens with invented key ids do not cause more.
const PAUSE: Duration = Duration::from_secs(30);
/// Shortest time between two fetches while there are no keys.
const PAUSE_WITHOUT: Duration = Duration::from_secs(3);

/// An issuer, with its keys as last fetched.
pub(crate) struct Provider {
    settings: Oidc,
    fetch: Fetch,
    keys: Mutex<Known>,
    /// Held during a fetch, so that many requests cause only one.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: Arc<KeySet>,
    /// The time of the last successful fetch.
    fetched: Option<Duration>,
    /// The time of the last attempt.
    tried: Option<Duration>,
}

/// The holder of a valid token.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
    pub(crate) expires: Option<SystemTime>,
}

/// The reason that a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    Token(Fault),
    /// A condition of the settings is not met, or there is no usable name.
    Claims,
    /// The issuer's keys cannot be fetched.
    Unavailable,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Token(fault)
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Provider {
    pub(crate) fn new(settings: Oidc, position: usize) -> Result<Self, Error> {
        let wrong = |name: &str, reason: &str| Error::Setting {
            setting: format!("auth.oidc[{position}].{name}"),
            reason: reason.to_owned(),
        };
        let urls = [
            ("issuer", Some(&settings.issuer)),
            ("jwks_uri", settings.jwks_uri.as_ref()),
        ];
        for (name, url) in urls {
            if let Some(url) = url {
                fetch::check(url).map_err(|why| wrong(name, &why))?;
            }
        }
        if settings.audiences.is_empty() {
            return Err(wrong(
                "audiences",
                "a token for anybody must not open this registry",
            ));
        }
        if settings.conditions.iter().any(|c| c.values.is_empty()) {
            return Err(wrong(
                "conditions",
                "a condition without values never holds",
            ));
        }
        Ok(Self {
            fetch: Fetch::new(settings.ca_file.as_deref()),
            settings,
            keys: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn settings(&self) -> &Oidc {
        &self.settings
    }

    /// Verifies a token and returns its holder.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        token: Unverified<'_>,
        now: SystemTime,
    ) -> Result<Holder, Failure> {
        if token.issuer() != Some(&self.settings.issuer) {
            return Err(Fault::Issuer.into());
        }
        let key = self.key(&token, jwt::since_epoch(now)).await?;
        let claims = token.verify(&key, now)?;
        let accepted = &self.settings.audiences;
        if !jwt::has_audience(&claims, |have| accepted.iter().any(|a| a == have)) {
            return Err(Fault::Audience.into());
        }
        self.holder(&claims)
    }

    fn holder(&self, claims: &Claims) -> Result<Holder, Failure> {
        let conditions = &self.settings.conditions;
        if !conditions.iter().all(|c| claims::holds(claims, c)) {
            return Err(Failure::Claims);
        }
        Ok(Holder {
            user: claims::user(claims, &self.settings).ok_or(Failure::Claims)?,
            groups: claims::groups(claims, &self.settings),
            expires: jwt::expiry(claims),
        })
    }

    /// The key that signed the token. If it is unknown, the keys are fetched from the issuer.
    async fn key(
        self: &Arc<Self>,
        token: &Unverified<'_>,
        now: Duration,
    ) -> Result<PublicKey, Failure> {
        let (keys, fetched) = self.known();
        if let Ok(key) = keys.find(token) {
            if fetched.is_none_or(|when| now.abs_diff(when) > FRESH) {
                // The old keys are used until new ones have arrived.
                let provider = Arc::clone(self);
                tokio::spawn(async move { provider.refresh(now).await });
            }
            return Ok(key.clone());
        }
        self.refresh(now).await;
        let (keys, _) = self.known();
        if keys.is_empty() {
            return Err(Failure::Unavailable);
        }
        Ok(keys.find(token)?.clone())
    }

    fn known(&self) -> (Arc<KeySet>, Option<Duration>) {
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&known.keys), known.fetched)
    }

    /// Fetches the keys, unless the last attempt was a moment ago.
    async fn refresh(&self, now: Duration) {
        let _fetching = self.fetching.lock().await;
        {
            let mut known = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let pause = if known.keys.is_empty() {
                PAUSE_WITHOUT
            } else {
                PAUSE
            };
            if known.tried.is_some_and(|when| now.abs_diff(when) < pause) {
                return;
            }
            known.tried = Some(now);
        }
        match self.fetch_keys().await {
            Ok(keys) => {
                let mut known = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                known.keys = Arc::new(keys);
                known.fetched = Some(now);
            }
            Err(reason) => {
                let issuer = &self.settings.issuer;
                tracing::warn!(issuer, reason, "failed to fetch the keys of an issuer");
            }
        }
    }

    async fn fetch_keys(&self) -> Result<KeySet, String> {
        let url = match &self.settings.jwks_uri {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let json = self.fetch.get(&url).await?;
        KeySet::parse(&json)
            .filter(|keys| !keys.is_empty())
            .ok_or_else(|| format!("'{url}' holds no keys that can be used"))
    }

    async fn discover(&self) -> Result<String, String> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let json = self.fetch.get(&url).await?;
        let found: Discovery = serde_json::from_slice(&json)
            .map_err(|_| format!("'{url}' is no discovery document"))?;
        // Required by OpenID Connect Discovery 1.0, section 4.3.
        if found.issuer != self.settings.issuer {
            return Err(format!("'{url}' is of another issuer, '{}'", found.issuer));
        }
        fetch::check(&found.jwks_uri)?;
        Ok(found.jwks_uri)
    }
}
