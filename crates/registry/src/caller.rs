//! Whoever sent a request: identified, and held to what they may do.

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorEntry;

use crate::act::path::Route;
use crate::message::answer::Refusal;
use crate::registry::Registry;
use crate::server::Peer;
use lazaret_auth::{self as auth, Action, ClientCertificate, Denied, Gate, Identity};

/// The sender of a request.
#[derive(Clone)]
pub(crate) struct Caller {
    gate: Arc<Gate>,
    identity: Identity,
}

impl Caller {
    /// Who sent a request, if they may send it.
    ///
    /// # Errors
    /// 401, 403, 429 and what else [`Denied`] says.
    pub(crate) async fn admit(
        registry: &Registry,
        head: &Parts,
        peer: &Peer,
        route: &Route,
    ) -> Result<Self, Refusal> {
        let gate = registry.gate();
        let identity = gate.identify(head, &described(peer)).await?;
        match route {
            Route::Base => gate.greet(&identity)?,
            Route::Metrics if registry.operations().config().metrics.public => {}
            route => gate.demand(&identity, &needs(route, &head.method))?,
        }
        Ok(Self { gate, identity })
    }

    /// The sender's name; `None` when anonymous.
    pub(crate) fn user(&self) -> Option<&str> {
        self.identity.user()
    }

    /// What has to be kept until the answer is sent.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the sender may read from a repository.
    pub(crate) fn may_pull(&self, repository: &Repository) -> bool {
        self.gate.allows(&self.identity, Action::Pull, repository)
    }

    /// Whether the catalog shows a repository to the sender.
    pub(crate) fn sees(&self, repository: &Repository) -> bool {
        self.gate.shows(&self.identity, repository)
    }

    /// Notes in the audit log what a request that succeeded has changed.
    pub(crate) fn record(&self, head: &Parts, route: &Route) {
        let (action, repository, reference) = match (route, &head.method) {
            (Route::Manifest(repository, selector), &Method::PUT) => {
                (Action::Push, repository, text(selector))
            }
            (Route::Manifest(repository, selector), &Method::DELETE) => {
                (Action::Delete, repository, text(selector))
            }
            (Route::Blob(repository, digest), &Method::DELETE) => {
                (Action::Delete, repository, digest.to_string())
            }
            _ => return,
        };
        self.gate
            .record(&self.identity, action, repository, &reference);
    }
}

/// What a request needs.
fn needs(route: &Route, method: &Method) -> Vec<(Action, Option<Repository>)> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let (action, repository) = match route {
        Route::Base | Route::Discover | Route::Types | Route::Token => return Vec::new(),
        Route::Live | Route::Ready => return Vec::new(),
        Route::Metrics => (Action::Administer, None),
        Route::Catalog => (Action::List, None),
        Route::Uploads(repository) | Route::Upload(repository, _) => {
            (Action::Push, Some(repository))
        }
        Route::Tags(repository)
        | Route::Referrers(repository, _)
        | Route::Manifest(repository, _)
        | Route::NoManifest(repository, _)
        | Route::Blob(repository, _) => match *method {
            _ if reads => (Action::Pull, Some(repository)),
            Method::DELETE => (Action::Delete, Some(repository)),
            _ => (Action::Push, Some(repository)),
        },
    };
    vec![(action, repository.cloned())]
}

fn text(selector: &ManifestSelector) -> String {
    match selector {
        ManifestSelector::Tag(tag) => tag.to_string(),
        ManifestSelector::Digest(digest) => digest.to_string(),
    }
}

/// The peer as the gate knows peers.
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
