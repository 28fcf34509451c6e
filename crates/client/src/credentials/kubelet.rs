//! Credential providers of kubelet: programs of cloud providers, which are asked about an image on
//! standard input and answer in JSON on standard output.
//!
//! Source: Kubernetes, `credentialprovider.kubelet.k8s.io/v1`, and "Configure a kubelet image
//! credential provider".

mod answer;
mod kept;
mod pattern;
mod span;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lazaret_oci::{Registry, Repository};
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::Instant;

use self::answer::{API_VERSION, Answer};
use self::kept::Kept;
use self::pattern::ImagePattern;
use super::program::Program;
use crate::{Credential, CredentialSource, Error, hub};

/// Most runs of a program at the same time.
const MOST_RUNS: usize = 4;

/// The settings of a credential provider, as in kubelet's `CredentialProviderConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletProviderOptions {
    /// The program, with the arguments and the environment that it needs.
    pub program: Program,
    /// The images for which it is asked: `host[:port][/path]`. `*` and `?` stand for characters of
    /// one label of the host. Port and labels must be those of the image, and the path a start of
    /// its path.
    pub match_images: Vec<String>,
    /// Time for which an answer is kept that does not say it. Zero: it is not kept.
    pub default_cache_duration: Duration,
}

/// A source that asks a credential provider of kubelet.
///
/// Answers are kept as they say: for the image, for the registry or for all images. Lookups of one
/// image at the same time share one run, and at most four programs run at once.
pub struct KubeletProvider {
    options: KubeletProviderOptions,
    patterns: Vec<ImagePattern>,
    kept: Mutex<Kept>,
    /// The runs that are under way, by image.
    slots: Mutex<HashMap<String, Slot>>,
    runs: Semaphore,
}

type Slot = Arc<AsyncMutex<Option<Run>>>;
/// An answer, or the failure as the end of a sentence about the program.
type Outcome = Result<Arc<Answer>, String>;

/// A run that ended.
struct Run {
    ended: Instant,
    outcome: Outcome,
}

impl KubeletProvider {
    /// A source that asks the program of `options`. It is not run yet.
    ///
    /// # Errors
    /// [`Error::Options`] for a program or pattern that cannot be one.
    pub fn new(options: KubeletProviderOptions) -> Result<Self, Error> {
        options.program.check()?;
        let patterns = options.match_images.iter().map(|text| {
            ImagePattern::parse(text).map_err(|fault| Error::Options {
                reason: format!("image pattern '{}': {fault}", text.escape_debug()),
            })
        });
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            options,
            kept: Mutex::default(),
            slots: Mutex::default(),
            runs: Semaphore::new(MOST_RUNS),
        })
    }

    async fn find(
        &self,
        registry: &Registry,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, Error> {
        let path = repository.map_or_else(String::new, |path| format!("/{path}"));
        // The names of Docker Hub are those of one registry.
        let images: Vec<String> = hub::names(registry)
            .iter()
            .map(|host| format!("{host}{path}"))
            .collect();
        let is_ours = |image: &String| self.patterns.iter().any(|it| it.matches(image));
        if !images.iter().any(is_ours) {
            return Ok(None);
        }
        let host = hub::canonical(registry);
        let answer = self.answer(&format!("{host}{path}"), host).await;
        let answer = answer.map_err(|reason| Error::CredentialHelper {
            helper: self.options.program.name(),
            server: registry.to_string(),
            reason,
        })?;
        Ok(answer.credential(&images))
    }

    /// The answer about an image: a kept one, that of a run under way, or that of a new run.
    async fn answer(&self, image: &str, host: &str) -> Outcome {
        if let Some(found) = lock(&self.kept).get(image, host) {
            return Ok(found);
        }
        let asked = Instant::now();
        let slot = Arc::clone(lock(&self.slots).entry(image.to_owned()).or_default());
        let outcome = self.join(&slot, asked, image, host).await;
        drop(slot);
        // Those that nobody waits for are over.
        lock(&self.slots).retain(|_, slot| Arc::strong_count(slot) > 1);
        outcome
    }

    async fn join(&self, slot: &Slot, asked: Instant, image: &str, host: &str) -> Outcome {
        let mut last = slot.lock().await;
        if let Some(run) = last.as_ref().filter(|run| run.ended >= asked) {
            return run.outcome.clone();
        }
        let _turn = self.runs.acquire().await;
        // Meanwhile, an answer about another image may have been one for all.
        if let Some(found) = lock(&self.kept).get(image, host) {
            return Ok(found);
        }
        let outcome = self.run(image).await;
        if let Ok(answer) = &outcome {
            let life = answer.life.unwrap_or(self.options.default_cache_duration);
            lock(&self.kept).put(image, host, Arc::clone(answer), life);
        }
        *last = Some(Run {
            ended: Instant::now(),
            outcome: outcome.clone(),
        });
        outcome
    }

    async fn run(&self, image: &str) -> Outcome {
        let request = json!({
            "apiVersion": API_VERSION,
            "kind": "CredentialProviderRequest",
            "image": image,
        });
        let out = self
            .options
            .program
            .run(request.to_string().as_bytes())
            .await?;
        Ok(Arc::new(Answer::parse(&out)?))
    }
}

impl CredentialSource for KubeletProvider {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        repository: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(self.find(registry, repository))
    }
}

impl std::fmt::Debug for KubeletProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubeletProvider")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
