//! A credential helper for one registry, whose answers are kept for a time that the operator sets.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lazaret_oci::{Registry, Repository};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::helper::{HelperFault, Helpers};
use crate::{Credential, CredentialSource, Error, hub};

/// Longest time for which it is kept that a helper has no credential: a login takes effect then.
const MOST_WITHOUT: Duration = Duration::from_secs(60);

/// The settings of a helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperOptions {
    /// The registry for which it is asked.
    pub registry: Registry,
    /// The name of the helper: its program is `docker-credential-<name>`.
    pub name: String,
    /// Folders that are searched for the program before the `PATH`.
    pub folders: Vec<PathBuf>,
    /// Time for which an answer is kept, since helpers do not tell when their credentials end.
    /// Zero: it is not kept.
    pub lifetime: Duration,
    /// Time limit for one run.
    pub timeout: Duration,
}

/// A source that asks `docker-credential-<name>` about one registry. That there is no credential
/// is kept for a minute at most.
///
/// The helper runs with the environment of this process. Source: docker/docker-credential-helpers.
#[derive(Debug)]
pub struct HelperSource {
    options: HelperOptions,
    helpers: Helpers,
    /// The lock is held during a run, so that parallel lookups share it.
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    outcome: Outcome,
    /// The time of the answer.
    since: Instant,
    ends: Instant,
}

type Outcome = Result<Option<Credential>, HelperFault>;

impl HelperSource {
    /// A source that asks the helper of `options`. It is not run yet.
    #[must_use]
    pub fn new(options: HelperOptions) -> Self {
        let helpers = Helpers {
            folders: options.folders.clone(),
            timeout: options.timeout,
        };
        Self {
            options,
            helpers,
            kept: Mutex::default(),
        }
    }

    async fn find(&self) -> Outcome {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        // An answer that came while this lookup waited is as good as one of its own.
        let is_good = |kept: &&Kept| asked < kept.ends || asked <= kept.since;
        if let Some(kept) = kept.as_ref().filter(is_good) {
            return kept.outcome.clone();
        }
        let outcome = self.run().await;
        let life = match &outcome {
            Ok(Some(_)) => self.options.lifetime,
            Ok(None) => self.options.lifetime.min(MOST_WITHOUT),
            Err(_) => Duration::ZERO,
        };
        let since = Instant::now();
        *kept = Some(Kept {
            outcome: outcome.clone(),
            since,
            ends: since.checked_add(life).unwrap_or(since),
        });
        outcome
    }

    async fn run(&self) -> Outcome {
        for server in hub::helper_keys(&self.options.registry) {
            let found = self.helpers.get(&self.options.name, server).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl CredentialSource for HelperSource {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async move {
            if !hub::is_same(registry, &self.options.registry) {
                return Ok(None);
            }
            Ok(self.find().await?)
        })
    }
}
