//! The registry's own tokens: short-lived access tokens for repositories, and refresh tokens.
//!
//! ```text
//! credential -> identity -> policy -> access token (minutes; what policy grants of what was asked)
//!                       \-> refresh token (days; opens nothing, is exchanged for access tokens)
//! ```
//! An access token can only narrow what its user may do: the policy is asked again at every use.
//! The two kinds differ in the header's `typ` and in their audience, so that neither is accepted as
//! the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lazaret_values::Period;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::identity::Origin;
use crate::jwt::{self, Claims, Fault, Unverified};
use crate::keys::{self, Keys};
use crate::scope::Scopes;
use crate::settings::Tokens as Settings;
use crate::{Identity, Method, random};

/// Header `typ` of access tokens.
const ACCESS: &str = "JWT";
/// Header `typ` of refresh tokens.
const REFRESH: &str = "refresh+jwt";
/// Longest lifetime of an access token.
const LONGEST: Period = Period::days(1);

/// Issues and verifies tokens.
pub(super) struct Tokens {
    keys: Keys,
    pub(super) service: String,
    issuer: String,
    lifetime: Duration,
    refresh_lifetime: Duration,
}

/// The tokens that the service issues; the JSON form is the body of the response.
#[derive(Clone, Serialize)]
pub struct Grant {
    /// The access token.
    pub token: String,
    /// The access token under its name in OAuth 2.0.
    pub access_token: String,
    /// Lifetime of the token, in seconds.
    pub expires_in: u64,
    /// The granted scopes, of those that were asked for.
    pub scope: String,
    /// The refresh token, for further access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip)]
    pub(super) id: String,
}

/// The content of a valid refresh token.
pub(super) struct Refresh {
    pub(super) user: String,
    pub(super) method: Method,
    /// Proof of the password that it was issued for.
    pub(super) proof: Option<String>,
    pub(super) key: Option<String>,
}

impl Tokens {
    /// Opens the service. If the settings name no key, one is made in `folder`; without a folder it
    /// is not stored.
    pub(super) fn open(
        settings: &Settings,
        host: Option<&str>,
        folder: Option<&Path>,
    ) -> Result<Self, Error> {
        let made;
        let signing: Option<&Path> = match (&settings.key_file, folder) {
            (Some(path), _) => Some(path),
            (None, Some(folder)) => {
                made = folder.join("auth").join("token-key.pem");
                keys::ensure(&made)?;
                Some(&made)
            }
            (None, None) => None,
        };
        let believed = settings.verification_key_files.iter().map(PathBuf::as_path);
        let service = settings.service.as_deref().or(host);
        let service = service.unwrap_or("lazaret-registry").to_owned();
        for (name, text) in [("service", &service), ("issuer", &settings.issuer)] {
            let fits = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
            if text.is_empty() || text.len() > 255 || !text.bytes().all(fits) {
                return Err(setting(
                    name,
                    "it is empty, too long or has spaces or quotes",
                ));
            }
        }
        if settings.lifetime < Period::seconds(1) || settings.lifetime > LONGEST {
            return Err(setting("lifetime", "it is not between 1 second and 1 day"));
        }
        Ok(Self {
            keys: Keys::read(signing, believed)?,
            service,
            issuer: settings.issuer.clone(),
            lifetime: settings.lifetime.duration(),
            refresh_lifetime: settings.refresh_lifetime.duration(),
        })
    }

    /// Whether the token claims to be issued by this registry.
    pub(super) fn is_mine(&self, token: &Unverified<'_>) -> bool {
        token.issuer() == Some(&self.issuer)
    }

    /// Issues tokens for a client. `None` when its credential has just expired.
    pub(super) fn grant(
        &self,
        identity: &Identity,
        scopes: &Scopes,
        offline: bool,
        now: SystemTime,
    ) -> Option<Grant> {
        let left = match identity.expires {
            Some(ends) => ends.duration_since(now).ok()?,
            None => Duration::MAX,
        };
        let lifetime = self.lifetime.min(left);
        let id = random::hex::<16>();
        let mut claims = self.claims(identity, &self.service, lifetime, now, &id);
        claims.insert("access".to_owned(), json!(scopes));
        if !identity.groups.is_empty() {
            claims.insert("groups".to_owned(), json!(identity.groups));
        }
        let token = self.keys.sign(ACCESS, &claims);
        Some(Grant {
            access_token: token.clone(),
            token,
            expires_in: lifetime.as_secs().max(1),
            scope: scopes.to_string(),
            refresh_token: offline.then(|| self.refresh(identity, left, now)).flatten(),
            id,
        })
    }

    /// A refresh token, for credentials that can be verified again later.
    fn refresh(&self, identity: &Identity, left: Duration, now: SystemTime) -> Option<String> {
        let lifetime = self.refresh_lifetime.min(left);
        let again = matches!(identity.method, Method::Password | Method::ApiKey);
        if !again || lifetime.is_zero() {
            return None;
        }
        let id = random::hex::<16>();
        let mut claims = self.claims(identity, &self.refresh_audience(), lifetime, now, &id);
        claims.insert("method".to_owned(), json!(identity.method.as_str()));
        if let Some(proof) = &identity.proof {
            claims.insert("proof".to_owned(), json!(proof));
        }
        Some(self.keys.sign(REFRESH, &claims))
    }

    fn refresh_audience(&self) -> String {
        format!("{}/auth/token", self.service)
    }

    fn claims(
        &self,
        identity: &Identity,
        audience: &str,
        lifetime: Duration,
        now: SystemTime,
        id: &str,
    ) -> Claims {
        let now = jwt::since_epoch(now).as_secs();
        let claims = json!({
            "iss": self.issuer,
            "sub": identity.user().unwrap_or_default(),
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(lifetime.as_secs().max(1)),
            "jti": id,
        });
        let Value::Object(mut claims) = claims else {
            return Claims::new();
        };
        if let Some(key) = &identity.key {
            claims.insert("key".to_owned(), json!(key));
        }
        claims
    }

    /// Verifies an access token; returns its holder, with the token's scopes.
    pub(super) fn verify(
        &self,
        token: Unverified<'_>,
        origin: Origin,
        now: SystemTime,
    ) -> Result<Identity, Fault> {
        let claims = self.check(token, ACCESS, &self.service, now)?;
        let user = text(&claims, "sub")?.ok_or(Fault::Claim)?;
        let user = Some(user).filter(|user| !user.is_empty());
        let access = claims.get("access").cloned().unwrap_or_else(|| json!([]));
        let scopes: Scopes = serde_json::from_value(access).map_err(|_| Fault::Claim)?;
        let groups = match claims.get("groups") {
            None => Vec::new(),
            Some(groups) => serde_json::from_value(groups.clone()).map_err(|_| Fault::Claim)?,
        };
        let mut identity = Identity::known(user, Method::Token, origin);
        identity.groups = groups;
        identity.key = text(&claims, "key")?;
        identity.scope = Some(Arc::new(scopes));
        identity.expires = jwt::expiry(&claims);
        Ok(identity)
    }

    /// Verifies a refresh token; returns its content. The caller has to check that its user still
    /// exists.
    pub(super) fn verify_refresh(&self, token: &str, now: SystemTime) -> Result<Refresh, Fault> {
        let token = Unverified::parse(token)?;
        let claims = self.check(token, REFRESH, &self.refresh_audience(), now)?;
        let method = match text(&claims, "method")?.as_deref() {
            Some("password") => Method::Password,
            Some("api-key") => Method::ApiKey,
            _ => return Err(Fault::Claim),
        };
        Ok(Refresh {
            user: text(&claims, "sub")?.ok_or(Fault::Claim)?,
            method,
            proof: text(&claims, "proof")?,
            key: text(&claims, "key")?,
        })
    }

    fn check(
        &self,
        token: Unverified<'_>,
        kind: &str,
        audience: &str,
        now: SystemTime,
    ) -> Result<Claims, Fault> {
        if !self.is_mine(&token) {
            return Err(Fault::Issuer);
        }
        if token.kind() != Some(kind) {
            return Err(Fault::Type);
        }
        let key = self.keys.of(&token)?;
        let claims = token.verify(key, now)?;
        if !jwt::has_audience(&claims, |have| have == audience) {
            return Err(Fault::Audience);
        }
        Ok(claims)
    }
}

/// Reads a claim that is a string, if it is there.
fn text(claims: &Claims, name: &str) -> Result<Option<String>, Fault> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Fault::Claim),
    }
}

fn setting(name: &str, reason: &str) -> Error {
    Error::Setting {
        setting: format!("auth.tokens.{name}"),
        reason: reason.to_owned(),
    }
}
