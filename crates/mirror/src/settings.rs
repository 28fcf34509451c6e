//! What the mirror is told, as plain values.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lazaret_client::{Client, Credential, CredentialSource};
use lazaret_oci::{Platform, Registry, Repository};
use lazaret_values::Pattern;

use crate::pipeline::Pipeline;

/// The settings of a mirror.
pub struct Settings {
    /// Whether there is nothing but the mirror: no repository takes pushes.
    pub is_alone: bool,
    /// The upstreams. A request that names another one is refused.
    pub upstreams: Vec<UpstreamSettings>,
    /// Folder of unfinished blobs.
    pub folder: PathBuf,
    /// Most bytes of everything that is mirrored; what was not asked for longest goes.
    pub size: Option<u64>,
    /// The longest time until an answer begins.
    pub patience: Duration,
    /// Time after which a tag is asked for again.
    pub tag_lifetime: Duration,
    /// Time after which something that was not there is asked for again.
    pub absent_lifetime: Duration,
    /// Age up to which a tag is served when the upstream does not answer.
    pub stale_lifetime: Duration,
    /// The platform for which images are swapped.
    pub platform: Platform,
}

/// The settings of an upstream.
pub struct UpstreamSettings {
    /// The name that clients use: the value of `?ns=`.
    pub namespace: String,
    /// Beginning of the names of its repositories here.
    pub prefix: Repository,
    /// The registries that have its content, in the order in which they are asked.
    pub endpoints: Vec<Endpoint>,
    /// Names of this server under which it is this upstream.
    pub virtual_hosts: Vec<String>,
    /// Repositories of the upstream that are served; all, when none is named.
    pub allowed: Vec<Pattern>,
    /// Repositories of the upstream that are not served.
    pub denied: Vec<Pattern>,
    /// Most requests to the upstream at the same time.
    pub concurrency: usize,
    /// Most requests to the upstream in a second, on average; more wait.
    pub requests_per_second: Option<f64>,
    /// The stages of requests.
    pub pipeline: Pipeline,
    /// Those of clients that ask for them by this name; what one lacks is as above.
    pub tagged: BTreeMap<String, Pipeline>,
}

/// A registry that has an upstream's content.
#[derive(Clone)]
pub struct Endpoint {
    /// Host and port.
    pub registry: Registry,
    /// Beginning of the names of repositories there.
    pub path: Option<Repository>,
    /// A client with the operator's credentials.
    pub identified: Client,
    /// A client without credentials.
    pub anonymous: Client,
    /// The operator's credentials.
    pub credentials: Arc<dyn CredentialSource>,
    /// Makes a client with credentials that a program gave.
    pub with_credential: MakeClient,
}

impl Endpoint {
    /// The name of an upstream's repository there.
    pub(crate) fn repository(&self, repository: &Repository) -> Repository {
        let Some(path) = &self.path else {
            return repository.clone();
        };
        let joined = format!("{path}/{repository}").parse();
        // Both parts are names; together they are too long for one only if nobody can have it.
        joined.unwrap_or_else(|_| repository.clone())
    }
}

/// Makes a client with one credential for its registry.
pub type MakeClient =
    Arc<dyn Fn(&Registry, Credential) -> Result<Client, lazaret_client::Error> + Send + Sync>;
