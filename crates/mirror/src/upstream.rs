//! One upstream: asks its registries in order, within limits, and waits when it is told to.

mod pace;
mod pauses;
mod warnings;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lazaret_client::{Class, Client, Credential};
use lazaret_oci::{Digest, Reference, Repository, Tag};
use lazaret_values::Printable;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;
use crate::settings::{Endpoint, UpstreamSettings};
use pace::Pace;
use pauses::Pauses;
use warnings::Warnings;

/// Wait before an upstream is asked again that did not answer.
const PAUSE: Duration = Duration::from_secs(2);
/// Wait that is told to clients when the upstream told none.
const AGAIN: Duration = Duration::from_secs(5);
/// Wait after an upstream that limits requests and told no time.
const LIMITED: Duration = Duration::from_secs(30);
/// Longest time for a manifest or a list, however slowly it comes: it holds a place.
const LONGEST_DOCUMENT: Duration = Duration::from_secs(60);
/// Longest wait that an upstream may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// An upstream with what is under way there.
pub struct Upstream {
    pub(crate) settings: UpstreamSettings,
    permits: Arc<Semaphore>,
    pace: Option<Pace>,
    pauses: Pauses,
    warnings: Warnings,
}

/// What is asked for at the upstream.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) repository: Repository,
    pub(crate) tag: Option<Tag>,
    pub(crate) digest: Option<Digest>,
    /// As whom the upstream is asked.
    pub(crate) identity: Identity,
}

/// As whom an upstream is asked.
#[derive(Debug, Clone, Default)]
pub(crate) enum Identity {
    /// As nobody.
    #[default]
    Anonymous,
    /// With the credentials of the settings.
    Operator,
    /// With those that a program gave.
    Given(Credential),
}

impl Upstream {
    pub(crate) fn new(settings: UpstreamSettings) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            pace: settings.requests_per_second.and_then(Pace::new),
            pauses: Pauses::new(settings.endpoints.len()),
            warnings: Warnings::default(),
            settings,
        }
    }

    /// The name that clients use.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.settings.namespace
    }

    /// Waits for a place among the requests to the upstream.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permits = Arc::clone(&self.permits);
        permits.acquire_owned().await.map_err(|_| Error::Stopped)
    }

    /// Asks the upstream's registries one after the other, until one has an answer.
    ///
    /// # Errors
    /// [`Error::NotFound`] when all say so; otherwise the error of the last that said anything
    /// else.
    pub(crate) async fn ask<T>(
        &self,
        wanted: &Wanted,
        request: impl Fn(Client, Reference) -> BoxFuture<'static, Result<T, lazaret_client::Error>>,
    ) -> Result<T, Error> {
        let work = async {
            let _place = self.place().await?;
            self.ask_in_place(wanted, request).await
        };
        tokio::time::timeout(LONGEST_DOCUMENT, work)
            .await
            .unwrap_or_else(|_| {
                Err(Error::Unavailable {
                    upstream: self.settings.namespace.clone(),
                    reason: format!("no whole answer within {LONGEST_DOCUMENT:?}"),
                    retry_after: AGAIN,
                    is_rate_limited: false,
                })
            })
    }

    /// Like [`Self::ask`], by a caller that has a place already.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) async fn ask_in_place<T>(
        &self,
        wanted: &Wanted,
        request: impl Fn(Client, Reference) -> BoxFuture<'static, Result<T, lazaret_client::Error>>,
    ) -> Result<T, Error> {
        let mut worst: Option<Error> = None;
        for (number, endpoint) in self.settings.endpoints.iter().enumerate() {
            let outcome = match self.turn(number).await {
                Some(pause) => Err(self.paused(&pause)),
                None => {
                    let answer = match client(endpoint, &wanted.identity) {
                        Ok(client) => request(client, reference(endpoint, wanted)).await,
                        Err(error) => Err(error),
                    };
                    answer.map_err(|error| {
                        let error = self.failed(number, &error, wanted);
                        self.warnings.tell(&self.settings.namespace, &error);
                        error
                    })
                }
            };
            match outcome {
                Ok(answer) => return Ok(answer),
                Err(error @ Error::NotFound { .. }) => worst = worst.or(Some(error)),
                Err(error) => worst = Some(error),
            }
        }
        Err(worst.unwrap_or_else(|| self.not_found()))
    }

    /// Waits until a registry may be asked, or returns its pause, which may have begun meanwhile.
    async fn turn(&self, number: usize) -> Option<pauses::Pause> {
        let pause = self.pauses.current(number);
        match &self.pace {
            Some(pace) if pause.is_none() => {
                pace.wait().await;
                self.pauses.current(number)
            }
            _ => pause,
        }
    }

    /// The time until a registry is asked again, and the reason for the wait.
    pub(crate) fn pause(&self, number: usize) -> Option<(Duration, String)> {
        let pause = self.pauses.current(number)?;
        Some((pause.rest(), pause.reason.to_owned()))
    }

    /// The error for what the upstream does not have.
    pub(crate) fn not_found(&self) -> Error {
        Error::NotFound {
            upstream: self.settings.namespace.clone(),
        }
    }

    fn paused(&self, pause: &pauses::Pause) -> Error {
        Error::Unavailable {
            upstream: self.settings.namespace.clone(),
            reason: pause.reason.to_owned(),
            retry_after: pause.rest(),
            is_rate_limited: pause.is_rate_limited,
        }
    }

    /// Converts an error, and pauses when the registry cannot be asked for a while.
    pub(crate) fn failed(
        &self,
        number: usize,
        error: &lazaret_client::Error,
        wanted: &Wanted,
    ) -> Error {
        let upstream = self.settings.namespace.clone();
        let reason = Printable::excerpt(&error.to_string());
        let unavailable = |retry_after, is_rate_limited| Error::Unavailable {
            upstream: upstream.clone(),
            reason: reason.to_string(),
            retry_after,
            is_rate_limited,
        };
        match (error.class(), error.retry_after()) {
            (Class::NotFound, _) => self.not_found(),
            (Class::Unauthorized | Class::Denied, _) => Error::Refused {
                upstream,
                reason: reason.to_string(),
            },
            (Class::Integrity, _) if wanted.digest.is_some() => Error::Integrity {
                upstream,
                digest: wanted.digest.clone().unwrap_or_else(|| Digest::of(b"")),
                reason: reason.to_string(),
            },
            (Class::RateLimited, wait) => {
                let wait = wait.unwrap_or(LIMITED).min(LONGEST_PAUSE);
                self.pauses
                    .begin(number, wait, "it limits the rate of requests", true);
                unavailable(wait, true)
            }
            (_, Some(wait)) => {
                let wait = wait.min(LONGEST_PAUSE);
                self.pauses
                    .begin(number, wait, "it asked for a pause", false);
                unavailable(wait, false)
            }
            (Class::Unreachable, None) if error.status().is_none() => {
                self.pauses
                    .begin(number, PAUSE, "it cannot be reached", false);
                unavailable(AGAIN, false)
            }
            _ => unavailable(AGAIN, false),
        }
    }
}

fn client(endpoint: &Endpoint, identity: &Identity) -> Result<Client, lazaret_client::Error> {
    match identity {
        Identity::Operator => Ok(endpoint.identified.clone()),
        Identity::Anonymous => Ok(endpoint.anonymous.clone()),
        Identity::Given(credential) => {
            (endpoint.with_credential)(&endpoint.registry, credential.clone())
        }
    }
}

/// The name of something at an endpoint.
fn reference(endpoint: &Endpoint, wanted: &Wanted) -> Reference {
    Reference {
        registry: endpoint.registry.clone(),
        repository: endpoint.repository(&wanted.repository),
        tag: wanted.tag.clone(),
        digest: wanted.digest.clone(),
    }
}
