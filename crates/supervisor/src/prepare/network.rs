//! Settles the network of a run: whether it has one, by which rules, and what the guest is told of it.

use std::path::PathBuf;

use lazaret_artifacts::{PolicyFile, Port, RunSpec};
use lazaret_egress::{GATEWAY, GUEST, Integration, PREFIX};
use lazaret_policy::{Document, Layer, Verdict};
use lazaret_protocol::Network;

use super::folders::FolderRequest;
use super::request::RunRequest;
use crate::machines::{NetworkLaunch, NetworkMode, PublishedPort};
use crate::{Error, NetworkError, trust_variables};

/// Seconds that a request waits for a person: what clients of models wait for an answer.
const ASK_SECONDS: u64 = 570;

/// The network of a run.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) launch: NetworkLaunch,
    pub(super) guest: Network,
}

/// Settles the network; `None` for a run without one.
///
/// # Errors
/// [`NetworkError::NoPolicy`], [`NetworkError::WithoutNetwork`]; a policy that cannot be enforced.
pub(super) fn settle(
    request: &RunRequest,
    spec: &RunSpec,
    integrations: Vec<Integration>,
) -> Result<Option<Settled>, Error> {
    let mode = match request.network.mode {
        Some(NetworkMode::None) => {
            refuse_without_network(request)?;
            return Ok(None);
        }
        Some(NetworkMode::Policy) if spec.policy.is_none() => {
            return Err(NetworkError::NoPolicy.into());
        }
        Some(mode) => mode,
        None if request.network.learn => NetworkMode::Open,
        None if wants_network(spec) => NetworkMode::Policy,
        None => return Ok(None),
    };
    let mut documents = spec.documents();
    if request.policy.is_none() {
        // Somebody else has written them.
        for document in &mut documents {
            document.layer = Layer::Artifact;
        }
    }
    let intercept = !integrations.is_empty() || documents.iter().any(looks_into_requests);
    Ok(Some(Settled {
        launch: NetworkLaunch {
            mode,
            documents,
            file: followed(request),
            integrations,
            intercept,
            learn: request.network.learn,
            ask_seconds: request.network.ask_seconds.unwrap_or(ASK_SECONDS),
            hosts: request.network.hosts.clone(),
            ports: spec.ports.iter().map(published).collect(),
        },
        guest: Network {
            address: GUEST,
            prefix: PREFIX,
            gateway: GATEWAY,
            trust: None,
        },
    }))
}

/// The policy file whose changes hold at once: not one that the machine itself can change.
fn followed(request: &RunRequest) -> Option<PathBuf> {
    let file = std::fs::canonicalize(request.policy.as_deref()?).ok()?;
    let reaches = |folder: &FolderRequest| {
        let shared = std::fs::canonicalize(&folder.source);
        !folder.read_only && shared.is_ok_and(|shared| file.starts_with(shared))
    };
    (!request.folders.iter().any(reaches)).then_some(file)
}

/// Adds the variables by which programs of the guest find what they trust, where it trusts an authority of ours.
pub(super) fn add_variables(launch: &NetworkLaunch, env: &mut Vec<String>) {
    if launch.intercept {
        trust_variables::add(env);
    }
}

fn refuse_without_network(request: &RunRequest) -> Result<(), Error> {
    let what = match request {
        _ if request.network.learn => "learn from",
        _ if !request.network.publish.is_empty() => "publish",
        _ => return Ok(()),
    };
    Err(NetworkError::WithoutNetwork { what }.into())
}

/// Whether the run asks for any connection, in either direction.
fn wants_network(spec: &RunSpec) -> bool {
    let policy_asks = spec.policy.as_ref().is_some_and(PolicyFile::opens);
    policy_asks || !spec.ports.is_empty()
}

/// Whether a document decides by more than where a connection goes.
fn looks_into_requests(document: &Document) -> bool {
    let by_request = document.rules.iter().any(|rule| {
        let asks = rule.verdict == Verdict::Ask && rule.tls_terminate != Some(false);
        let looks = rule.tls_terminate == Some(true);
        asks || looks || !rule.methods.is_empty() || !rule.paths.is_empty()
    });
    by_request || (document.default == Some(Verdict::Ask) && document.layer != Layer::Answers)
}

fn published(port: &Port) -> PublishedPort {
    PublishedPort {
        address: port.address,
        host: port.host.unwrap_or(0),
        guest: port.guest,
    }
}
