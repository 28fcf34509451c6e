//! Identifies clients by their credentials.

use std::sync::{MutexGuard, PoisonError};

use http::request::Parts;
use lazaret_values::Chain;

use super::open::Gate;
use crate::api_keys;
use crate::header::Credential;
use crate::htpasswd::{Passwords, Verdict};
use crate::identity::Origin;
use crate::jwt::{Fault, Unverified};
use crate::limits::Failures;
use crate::network::client_part;
use crate::oidc::Failure;
use crate::tokens::Refresh;
use crate::{Denied, Identity, Method, Peer, audit};

/// Longest name of a user, in bytes.
const LONGEST_NAME: usize = 255;

/// The same for unknown users and wrong passwords, so that a response does not tell them apart.
const WRONG_LOGIN: &str = "the user name or the password is wrong";

impl Gate {
    /// Identifies the holder of a request's credential. `basic` says whether passwords are accepted
    /// here.
    pub(super) async fn authenticate(
        &self,
        head: &Parts,
        peer: &Peer,
        origin: Origin,
        basic: bool,
    ) -> Result<Identity, Denied> {
        match Credential::of(&head.headers)? {
            None => Ok(self.by_certificate(peer, origin)),
            // Empty Basic credentials: clients without a login send them when they are challenged.
            Some(Credential::Basic { user, password })
                if user.is_empty() && password.is_empty() =>
            {
                Ok(self.by_certificate(peer, origin))
            }
            Some(Credential::Basic { .. }) if !basic => {
                let reason = "passwords are only for the token service";
                Err(self.unauthorized(&origin, reason, None, None))
            }
            Some(Credential::Basic { user, password }) => {
                self.by_password(&user, &password, origin).await
            }
            Some(Credential::Bearer(token)) => self.by_token(&token, origin).await,
        }
    }

    /// The user that the connection's certificate names; anonymous if it names none.
    fn by_certificate(&self, peer: &Peer, origin: Origin) -> Identity {
        let holder = self.certificates.as_ref().and_then(|settings| {
            let certificate = peer.certificate.as_ref()?;
            let prefixed = |name: &str| format!("{}{name}", settings.prefix);
            let user = certificate.only(settings.user).map(prefixed)?;
            let groups = settings.groups.iter();
            let groups = groups.flat_map(|field| certificate.values(*field));
            Some((user, groups.map(|name| prefixed(name)).collect()))
        });
        match holder {
            Some((user, groups)) => {
                let mut identity = Identity::known(Some(user), Method::Certificate, origin);
                identity.groups = groups;
                identity
            }
            None => Identity::anonymous(origin),
        }
    }

    /// Identifies a client by name and password; the latter may be an API key or a token of another
    /// issuer.
    pub(super) async fn by_password(
        &self,
        user: &str,
        password: &str,
        origin: Origin,
    ) -> Result<Identity, Denied> {
        if self.keys.is_some() && api_keys::is_key(password) {
            return self.by_key(password, origin).await;
        }
        if !self.issuers.is_empty()
            && let Ok(token) = Unverified::parse(password)
            && self
                .issuers
                .iter()
                .any(|i| token.issuer() == Some(&i.settings().issuer))
        {
            return self.by_foreign_token(token, origin).await;
        }
        let outcome = match &self.passwords {
            Some(passwords) if user.len() <= LONGEST_NAME => {
                self.by_htpasswd(passwords, user, password, &origin).await
            }
            _ => Err(self.unauthorized(&origin, WRONG_LOGIN, None, None)),
        };
        if let Err(denied) = &outcome {
            audit::login_failed(origin.address, user, Some(Method::Password), denied);
        }
        outcome
    }

    async fn by_htpasswd(
        &self,
        passwords: &Passwords,
        user: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<Identity, Denied> {
        let now = self.time();
        let address = client_part(origin.address);
        let mut looked = false;
        let verdict = passwords
            .verify(user, password, now, || {
                looked = true;
                self.failures()
                    .attempt(address, user, now)
                    .map_err(|retry_after| Denied::TooMany {
                        what: "failed logins",
                        retry_after,
                    })
            })
            .await?;
        match verdict {
            Verdict::Right => {
                let proof = passwords.proof(user, now).await;
                let mut identity =
                    Identity::known(Some(user.to_owned()), Method::Password, origin.clone());
                identity.proof = proof;
                if looked {
                    self.failures().forgive(address, user);
                    audit::login(&identity);
                }
                Ok(identity)
            }
            Verdict::Wrong => Err(self.unauthorized(origin, WRONG_LOGIN, None, None)),
            Verdict::Busy => {
                if looked {
                    self.failures().undo(address, user);
                }
                Err(Denied::TooMany {
                    what: "logins at once",
                    retry_after: std::time::Duration::from_secs(1),
                })
            }
        }
    }

    async fn by_key(&self, text: &str, origin: Origin) -> Result<Identity, Denied> {
        let Some(keys) = &self.keys else {
            return Err(self.unauthorized(&origin, "API keys are not taken", None, None));
        };
        let key = keys.verify(text, self.now()).await;
        let denied = match key.map_err(|failure| unavailable(&failure)) {
            Ok(Some(key)) => {
                let mut identity = Identity::known(Some(key.user), Method::ApiKey, origin);
                identity.key = Some(key.id);
                identity.expires = key.expires;
                return Ok(identity);
            }
            Ok(None) => {
                let reason = "the API key is unknown, revoked or has expired";
                self.unauthorized(&origin, reason, None, None)
            }
            Err(denied) => denied,
        };
        audit::login_failed(origin.address, "", Some(Method::ApiKey), &denied);
        Err(denied)
    }

    async fn by_token(&self, text: &str, origin: Origin) -> Result<Identity, Denied> {
        if api_keys::is_key(text) {
            return self.by_key(text, origin).await;
        }
        let address = origin.address;
        let outcome = match Unverified::parse(text) {
            Err(fault) => Err(fault),
            Ok(token) => match &self.tokens {
                Some(tokens) if tokens.is_mine(&token) => {
                    tokens.verify(token, origin.clone(), self.now())
                }
                _ => return self.by_foreign_token(token, origin).await,
            },
        };
        outcome.map_err(|fault| {
            let denied = self.bad_token(&origin, fault);
            // Expired tokens are not logged, because every token expires.
            if fault != Fault::Expired {
                audit::login_failed(address, "", Some(Method::Token), &denied);
            }
            denied
        })
    }

    async fn by_foreign_token(
        &self,
        token: Unverified<'_>,
        origin: Origin,
    ) -> Result<Identity, Denied> {
        let address = origin.address;
        let mut failure = Failure::Token(Fault::Issuer);
        // Several entries may name the same issuer, with other audiences and conditions.
        let fitting = self
            .issuers
            .iter()
            .filter(|issuer| token.issuer() == Some(&issuer.settings().issuer));
        for issuer in fitting {
            match issuer.verify(token.clone(), self.now()).await {
                Ok(holder) => {
                    let mut identity = Identity::known(Some(holder.user), Method::Oidc, origin);
                    identity.groups = holder.groups;
                    identity.expires = holder.expires;
                    return Ok(identity);
                }
                Err(why) => failure = why,
            }
        }
        let denied = match failure {
            Failure::Token(fault) => self.bad_token(&origin, fault),
            Failure::Claims => {
                let reason = "the token does not say what it must";
                self.unauthorized(&origin, reason, None, Some("invalid_token"))
            }
            Failure::Unavailable => {
                Denied::Unavailable("the issuer's keys are out of reach".to_owned())
            }
        };
        audit::login_failed(address, "", Some(Method::Oidc), &denied);
        Err(denied)
    }

    /// The user of a refresh token, if the user could still log in today.
    pub(super) async fn by_refresh(
        &self,
        refresh: Refresh,
        origin: Origin,
    ) -> Result<Identity, Denied> {
        let gone = || {
            let reason = "the refresh token's user, password or key is gone";
            self.unauthorized(&origin, reason, None, Some("invalid_grant"))
        };
        let mut identity =
            Identity::known(Some(refresh.user.clone()), refresh.method, origin.clone());
        match (refresh.method, &self.passwords, &self.keys) {
            (Method::Password, Some(passwords), _) => {
                let proof = passwords.proof(&refresh.user, self.time()).await;
                if proof.is_none() || proof != refresh.proof {
                    return Err(gone());
                }
                identity.proof = proof;
            }
            (Method::ApiKey, _, Some(keys)) => {
                let id = refresh.key.ok_or_else(gone)?;
                let key = keys.by_id(&id, self.now()).await;
                let key = key.map_err(|failure| unavailable(&failure))?;
                let key = key
                    .filter(|key| key.user == refresh.user)
                    .ok_or_else(gone)?;
                identity.expires = key.expires;
                identity.key = Some(key.id);
            }
            _ => return Err(gone()),
        }
        Ok(identity)
    }

    pub(super) fn bad_token(&self, origin: &Origin, fault: Fault) -> Denied {
        let reason = match fault {
            Fault::Expired => "the token has expired",
            Fault::Early => "the token is not valid yet",
            Fault::Audience => "the token is for another audience",
            Fault::Issuer => "the token is from an unknown issuer",
            _ => "the token is not valid",
        };
        self.unauthorized(origin, reason, None, Some("invalid_token"))
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        let failures = self.state.failures.lock();
        failures.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs the failure with its causes, which the client does not get.
fn unavailable(failure: &lazaret_content::Error) -> Denied {
    tracing::error!(
        error = Chain(failure).to_string(),
        "failed to look up an API key"
    );
    Denied::Unavailable("the registry's keys are out of reach".to_owned())
}
