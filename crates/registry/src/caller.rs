//! Identifies the client of a request, and checks what it may do.

use std::sync::Arc;

use http::request::Parts;
use lazaret_auth::{self as auth, Action, ClientCertificate, Denied, Gate, Identity};
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorEntry;

use crate::act::{Act, Change, Effect, Need};
use crate::message::{Query, Refusal};
use crate::registry::Registry;
use crate::server::Peer;
use crate::terms::Exposure;

/// The client that sent a request.
#[derive(Clone)]
pub(crate) struct Caller {
    gate: Arc<Gate>,
    /// `None` where the request needs no identity.
    identity: Option<Identity>,
}

impl Caller {
    /// Identifies the client, and checks that it may do what it asks for.
    ///
    /// # Errors
    /// Fails with 401, 403, 429 and the other statuses of [`Denied`].
    pub(crate) async fn admit(
        registry: &Registry,
        head: &Parts,
        peer: &Peer,
        act: &Act,
    ) -> Result<Self, Refusal> {
        let gate = registry.gate();
        let need = act.need();
        if need == Need::Nothing {
            let identity = None;
            return Ok(Self { gate, identity });
        }
        let identity = gate.identify(head, &described(peer)).await?;
        match need {
            Need::Right(Action::Push, Some(to)) if matches!(act, Act::StartUpload { .. }) => {
                let query = Query::parse(head.uri.query());
                let from = query.get("mount").and_then(|_| query.get("from"));
                let from: Option<Repository> = from.and_then(|from| from.parse().ok());
                gate.demand_upload(&identity, &to, from.as_ref())?;
            }
            Need::Nothing | Need::Identity => {}
            Need::Greeting => gate.greet(&identity)?,
            Need::Metrics if registry.terms().metrics == Exposure::Everybody => {}
            Need::Metrics => gate.demand(&identity, &[(Action::Administer, None)])?,
            Need::Right(action, repository) => gate.demand(&identity, &[(action, repository)])?,
        }
        let identity = Some(identity);
        Ok(Self { gate, identity })
    }

    /// The user name; `None` when the client is anonymous.
    pub(crate) fn user(&self) -> Option<&str> {
        self.identity.as_ref()?.user()
    }

    /// The identity of the client, which has to be kept until the response is sent.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Whether the client may pull from a repository.
    pub(crate) fn may_pull(&self, repository: &Repository) -> bool {
        let may = |identity| self.gate.allows(identity, Action::Pull, repository);
        self.identity.as_ref().is_some_and(may)
    }

    /// Whether the catalog shows a repository to the client.
    pub(crate) fn sees(&self, repository: &Repository) -> bool {
        let sees = |identity| self.gate.shows(identity, repository);
        self.identity.as_ref().is_some_and(sees)
    }

    /// Records a successful change in the audit log.
    pub(crate) fn record(&self, effect: &Effect<'_>) {
        let action = match effect.change {
            Change::ManifestPushed => Action::Push,
            Change::ManifestDeleted | Change::TagDeleted | Change::BlobDeleted => Action::Delete,
            Change::ManifestPulled | Change::BlobPulled | Change::BlobPushed => return,
        };
        if let (Some(identity), Some(reference)) = (&self.identity, effect.reference) {
            let reference = reference.to_string();
            self.gate
                .record(identity, action, effect.repository, &reference);
        }
    }
}

/// Converts the peer to the type of `lazaret-auth`.
pub(crate) fn described(peer: &Peer) -> auth::Peer {
    let certificate = peer.certificate.as_deref().and_then(|der| {
        let parsed = ClientCertificate::parse(der);
        parsed
            .inspect_err(|error| tracing::warn!(%error, peer = %peer.address))
            .ok()
    });
    auth::Peer {
        address: peer.address,
        tls: peer.is_tls,
        certificate: certificate.map(Arc::new),
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let entry = ErrorEntry {
            code: denied.code().to_owned(),
            message: denied.to_string(),
            detail: serde_json::Value::Null,
        };
        let refusal = Self::many(denied.status(), vec![entry]);
        denied
            .headers()
            .into_iter()
            .fold(refusal, |refusal, (name, value)| {
                refusal.header(name, value.to_str().unwrap_or_default())
            })
    }
}
