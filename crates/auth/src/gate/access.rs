//! Whether somebody may do what they ask for.

use std::sync::{Arc, PoisonError};

use http::request::Parts;
use lazaret_oci::Repository;

use super::open::Gate;
use crate::limits::Rate;
use crate::network::client_part;
use crate::scope::Scopes;
use crate::{Action, Denied, Identity, Method, Peer, audit};

/// Clients whose rate is remembered.
const CLIENTS: usize = 64 * 1024;

impl Gate {
    /// Says who is asking. Somebody who shows nothing is anonymous; somebody who shows what is
    /// wrong is refused.
    ///
    /// # Errors
    /// [`Denied`], with the challenge or the time to wait.
    pub async fn identify(&self, head: &Parts, peer: &Peer) -> Result<Identity, Denied> {
        let origin = self.origin(head, peer);
        let outcome = match self.authenticates {
            true => {
                self.authenticate(head, peer, origin.clone(), self.basic)
                    .await
            }
            false => Ok(Identity::anonymous(origin.clone())),
        };
        match outcome {
            Ok(identity) => self.admit(identity),
            Err(denied) => {
                // Bad credentials count as anonymous requests do.
                self.admit(Identity::anonymous(origin))?;
                Err(denied)
            }
        }
    }

    /// Counts a request of somebody, and gives it a place among those under way.
    pub(super) fn admit(&self, mut identity: Identity) -> Result<Identity, Denied> {
        let limits = &self.limits;
        if limits.requests_per_second.is_none() && limits.concurrent_requests.is_none() {
            return Ok(identity);
        }
        let client = match identity.user() {
            Some(user) => format!("u:{user}"),
            None => format!("a:{}", client_part(identity.address())),
        };
        if let Some(per_second) = limits.requests_per_second {
            let rate = self.state.rate.lock();
            let mut rate = rate.unwrap_or_else(PoisonError::into_inner);
            if rate.as_ref().is_none_or(|(of, _)| of != limits) {
                *rate = Some((
                    *limits,
                    Rate::new(per_second, limits.request_burst, CLIENTS),
                ));
            }
            if let Some((_, rate)) = rate.as_mut() {
                rate.take(client.clone(), self.time())
                    .map_err(|retry_after| Denied::TooMany {
                        what: "requests",
                        retry_after,
                    })?;
            }
        }
        if let Some(most) = limits.concurrent_requests {
            let place = self.state.places.take(&client, most);
            let place = place.ok_or(Denied::TooMany {
                what: "requests at once",
                retry_after: std::time::Duration::from_secs(1),
            })?;
            identity.place = Some(Arc::new(place));
        }
        Ok(identity)
    }

    /// Whether somebody may do this. Says nothing to anybody: for choices within a request.
    #[must_use]
    pub fn allows(&self, identity: &Identity, action: Action, repository: &Repository) -> bool {
        self.may(identity, action, Some(repository))
    }

    /// Whether the catalog shows the repository: whoever may list sees what they may pull,
    /// whatever their token was made for.
    #[must_use]
    pub fn shows(&self, identity: &Identity, repository: &Repository) -> bool {
        self.policy.allows(identity, Action::Pull, Some(repository))
    }

    fn may(&self, identity: &Identity, action: Action, repository: Option<&Repository>) -> bool {
        let scope = identity.scope.as_ref();
        scope.is_none_or(|scope| scope.opens(action, repository))
            && self.policy.allows(identity, action, repository)
    }

    /// Whether somebody may do all of this; `List` and `Administer` have no repository.
    ///
    /// # Errors
    /// `401` with a challenge when somebody else, or the same with another token, might;
    /// `403` otherwise.
    pub fn demand(
        &self,
        identity: &Identity,
        needs: &[(Action, Option<Repository>)],
    ) -> Result<(), Denied> {
        for (action, repository) in needs {
            let repository = repository.as_ref();
            if self.may(identity, *action, repository) {
                continue;
            }
            let granted = self.policy.allows(identity, *action, repository);
            let known = identity.user().is_some();
            let denied = if (granted || !known) && self.authenticates {
                let is_token = identity.scope.is_some();
                self.unauthorized(
                    &identity.origin,
                    if is_token {
                        "the token does not open this"
                    } else {
                        "this is not for everybody"
                    },
                    Some(&Scopes::needed(needs)),
                    is_token.then_some("insufficient_scope"),
                )
            } else {
                let what = repository.map_or("the registry", Repository::as_str);
                Denied::Forbidden {
                    user: identity.user().unwrap_or("anonymous").to_owned(),
                    needed: format!("{} {what}", action.as_str()),
                }
            };
            // Clients ask without a token first, to be told where to get one.
            if known || identity.method == Method::Token {
                audit::denied(identity, *action, repository, &denied);
            }
            return Err(denied);
        }
        Ok(())
    }

    /// The answer to `GET /v2/`: clients learn from it how to identify themselves, so
    /// whoever shows nothing is challenged even if everybody may pull.
    ///
    /// # Errors
    /// `401` with a challenge.
    pub fn greet(&self, identity: &Identity) -> Result<(), Denied> {
        if self.authenticates && identity.method == Method::Anonymous {
            let reason = "show who you are";
            return Err(self.unauthorized(&identity.origin, reason, None, None));
        }
        Ok(())
    }

    /// Puts a change of content into the audit log. `reference` is a tag or digest.
    pub fn record(
        &self,
        identity: &Identity,
        action: Action,
        repository: &Repository,
        reference: &str,
    ) {
        audit::change(identity, action, repository, reference);
    }
}
