//! The token service (distribution "Token Authentication Specification" and "OAuth2 Token
//! Authentication"): `GET` with Basic, `POST` with a form.

use http::Method as Verb;
use http::request::Parts;
use lazaret_oci::Repository;

use super::open::Gate;
use crate::form::Form;
use crate::identity::Origin;
use crate::scope::{Scope, Scopes};
use crate::tokens::{Grant, Tokens};
use crate::{Action, Denied, Identity, Method, Peer, audit};

/// Largest body of a request for a token, in bytes.
pub const FORM_BYTES: usize = 64 * 1024;

impl Gate {
    /// Issues a token with those scopes of the request that the policy grants. `form` is the body
    /// of a `POST`, at most [`FORM_BYTES`].
    ///
    /// # Errors
    /// [`Denied`]; [`Denied::Absent`] when there is no token service.
    pub async fn token(&self, head: &Parts, form: &[u8], peer: &Peer) -> Result<Grant, Denied> {
        let tokens = self.tokens.as_ref().ok_or(Denied::Absent)?;
        let origin = self.origin(head, peer);
        let form = match head.method {
            Verb::POST => std::str::from_utf8(form).ok(),
            _ => head.uri.query().or(Some("")),
        };
        let form = form
            .and_then(Form::parse)
            .ok_or_else(|| Denied::Invalid("the form is not UTF-8".to_owned()))?;
        let outcome = self.grant(tokens, head, &form, peer, &origin).await;
        outcome.map_err(|denied| self.ask_for_password(denied))
    }

    async fn grant(
        &self,
        tokens: &Tokens,
        head: &Parts,
        form: &Form,
        peer: &Peer,
        origin: &Origin,
    ) -> Result<Grant, Denied> {
        let invalid = |why: &str| Denied::Invalid(why.to_owned());
        if form.get("service").is_some_and(|s| s != tokens.service) {
            return Err(invalid("this registry goes by another service name"));
        }
        let mut wanted = Scopes::default();
        for text in form.all("scope") {
            let scopes: Scopes = text.parse().map_err(invalid)?;
            scopes.0.into_iter().for_each(|scope| wanted.add(scope));
        }
        let outcome = self.who(tokens, head, form, peer, origin).await;
        let identity = match outcome {
            Ok(identity) => self.admit(identity)?,
            Err(denied) => {
                self.admit(Identity::anonymous(origin.clone()))?;
                return Err(denied);
            }
        };
        let granted = self.narrow(&identity, &wanted);
        if identity.user().is_none() && granted.0.is_empty() {
            return Err(self.unauthorized(origin, "this is not for everybody", None, None));
        }
        let mut identity = identity;
        // An issuer may name hundreds of groups. Those that no rule names would only make tokens
        // long.
        identity.groups.retain(|group| self.policy.mentions(group));
        let offline =
            form.get("offline_token") == Some("true") || form.get("access_type") == Some("offline");
        let grant = tokens
            .grant(&identity, &granted, offline, self.now())
            .ok_or_else(|| self.unauthorized(origin, "the credential has expired", None, None))?;
        let refresh = grant.refresh_token.is_some();
        audit::token(&identity, &grant.id, &granted, refresh);
        Ok(grant)
    }

    async fn who(
        &self,
        tokens: &Tokens,
        head: &Parts,
        form: &Form,
        peer: &Peer,
        origin: &Origin,
    ) -> Result<Identity, Denied> {
        let invalid = |why: &str| Denied::Invalid(why.to_owned());
        let kind = form.get("grant_type");
        if head.method != Verb::POST || kind.is_none() {
            let identity = self.authenticate(head, peer, origin.clone(), true).await?;
            if identity.method == Method::Token {
                let reason = "a token cannot be exchanged for another one";
                return Err(self.unauthorized(origin, reason, None, None));
            }
            return Ok(identity);
        }
        match kind {
            Some("password") => {
                let user = form.get("username").ok_or_else(|| invalid("no username"))?;
                let password = form.get("password").ok_or_else(|| invalid("no password"))?;
                self.by_password(user, password, origin.clone()).await
            }
            Some("refresh_token") => {
                let token = form
                    .get("refresh_token")
                    .ok_or_else(|| invalid("no refresh_token"))?;
                let outcome = match tokens.verify_refresh(token, self.now()) {
                    Ok(refresh) => self.by_refresh(refresh, origin.clone()).await,
                    Err(fault) => Err(self.bad_token(origin, fault)),
                };
                if let Err(denied) = &outcome {
                    audit::login_failed(origin.address, "", Some(Method::Token), denied);
                }
                outcome
            }
            _ => Err(invalid("grant_type is neither password nor refresh_token")),
        }
    }

    /// Those of the wanted scopes that the policy grants.
    fn narrow(&self, identity: &Identity, wanted: &Scopes) -> Scopes {
        let mut granted = Scopes::default();
        let allowed = |(action, repository): &(Action, Option<Repository>)| {
            self.policy.allows(identity, *action, repository.as_ref())
        };
        for scope in &wanted.0 {
            for (action, repository) in scope.wants().into_iter().filter(allowed) {
                granted.add(Scope::of(action, repository.as_ref()));
            }
        }
        granted
    }

    /// Replaces the challenge: the token service itself asks for a password, not for a token.
    fn ask_for_password(&self, denied: Denied) -> Denied {
        match denied {
            Denied::Unauthorized { reason, .. } => Denied::Unauthorized {
                reason,
                challenge: self.basic_challenge(),
            },
            denied => denied,
        }
    }
}
