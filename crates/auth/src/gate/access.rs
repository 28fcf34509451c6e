//! Decides whether a client may do what it asks for.

use std::sync::{Arc, PoisonError};

use http::request::Parts;
use lazaret_oci::Repository;

use super::open::Gate;
use crate::limits::Rate;
use crate::network::client_part;
use crate::scope::Scopes;
use crate::{Action, Denied, Identity, Method, Peer, audit};

/// Largest number of clients whose rate is remembered.
const CLIENTS: usize = 64 * 1024;

impl Gate {
    /// Identifies the client. Without a credential it is anonymous; with an invalid one it is
    /// refused.
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
                // An invalid credential counts as an anonymous request.
                self.admit(Identity::anonymous(origin))?;
                Err(denied)
            }
        }
    }

    /// Counts a client's request, and gives it a place among the requests under way.
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

    /// Whether the client may do this. Nothing is logged: this is for choices within a request.
    #[must_use]
    pub fn allows(&self, identity: &Identity, action: Action, repository: &Repository) -> bool {
        self.may(identity, action, Some(repository))
    }

    /// Whether the catalog shows the repository. A client that may list sees the repositories that
    /// it may pull, regardless of its token's scope.
    #[must_use]
    pub fn shows(&self, identity: &Identity, repository: &Repository) -> bool {
        self.policy.allows(identity, Action::Pull, Some(repository))
    }

    fn may(&self, identity: &Identity, action: Action, repository: Option<&Repository>) -> bool {
        let scope = identity.scope.as_ref();
        scope.is_none_or(|scope| scope.opens(action, repository))
            && self.policy.allows(identity, action, repository)
    }

    /// Checks that the client may do all of this; `List` and `Administer` have no repository.
    ///
    /// # Errors
    /// `401` with a challenge when another user, or the same user with another token, might be
    /// allowed to do it; `403` otherwise.
    pub fn demand(
        &self,
        identity: &Identity,
        needs: &[(Action, Option<Repository>)],
    ) -> Result<(), Denied> {
        for (action, repository) in needs {
            if !self.may(identity, *action, repository.as_ref()) {
                return Err(self.refusal(identity, *action, repository.as_ref(), needs));
            }
        }
        Ok(())
    }

    /// Checks that the client may begin to push to `to`, perhaps by a mount of a blob of `from`. Where
    /// the source is not for the client, it may still send the blob; only a token that could have
    /// opened the source is refused.
    ///
    /// # Errors
    /// As [`Gate::demand`]. The challenge asks for all that the push will need.
    pub fn demand_upload(
        &self,
        identity: &Identity,
        to: &Repository,
        from: Option<&Repository>,
    ) -> Result<(), Denied> {
        let mut asked = vec![
            (Action::Pull, Some(to.clone())),
            (Action::Push, Some(to.clone())),
        ];
        asked.extend(from.map(|from| (Action::Pull, Some(from.clone()))));
        if !self.may(identity, Action::Push, Some(to)) {
            return Err(self.refusal(identity, Action::Push, Some(to), &asked));
        }
        let is_opened_by_another_token = |from: &&Repository| {
            let scope = identity.scope.as_ref();
            scope.is_some_and(|scope| !scope.opens(Action::Pull, Some(from)))
                && self.policy.allows(identity, Action::Pull, Some(from))
        };
        match from.filter(is_opened_by_another_token) {
            Some(from) => Err(self.refusal(identity, Action::Pull, Some(from), &asked)),
            None => Ok(()),
        }
    }

    /// The answer to a client that may not do something: a challenge for what is `asked`, or a plain
    /// refusal where no credential would help.
    fn refusal(
        &self,
        identity: &Identity,
        action: Action,
        repository: Option<&Repository>,
        asked: &[(Action, Option<Repository>)],
    ) -> Denied {
        let granted = self.policy.allows(identity, action, repository);
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
                Some(&Scopes::needed(asked)),
                is_token.then_some("insufficient_scope"),
            )
        } else {
            let what = repository.map_or("the registry", Repository::as_str);
            Denied::Forbidden {
                user: identity.user().unwrap_or("anonymous").to_owned(),
                needed: format!("{} {what}", action.as_str()),
            }
        };
        // Not logged for unknown clients: they first ask without a token, to learn where to get
        // one.
        if known || identity.method == Method::Token {
            audit::denied(identity, action, repository, &denied);
        }
        denied
    }

    /// The decision on `GET /v2/`. Clients learn from it how to identify themselves, so a client
    /// without a credential gets a challenge even if everybody may pull.
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

    /// Records a change of content in the audit log. `reference` is a tag or digest.
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
