//! Remembers which registries are not to be asked for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A pause of one registry.
#[derive(Debug, Clone)]
pub(super) struct Pause {
    until: Instant,
    /// Why, in words that tell nobody what another asked for.
    pub(super) reason: &'static str,
    pub(super) is_rate_limited: bool,
}

impl Pause {
    /// The time that is left, at least a second.
    pub(super) fn rest(&self) -> Duration {
        let rest = self.until.saturating_duration_since(Instant::now());
        rest.max(Duration::from_secs(1))
    }
}

/// The pauses of an upstream's registries, by their position.
#[derive(Debug)]
pub(super) struct Pauses(Mutex<Vec<Option<Pause>>>);

impl Pauses {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(vec![None; count]))
    }

    /// The pause of a registry, if it lasts.
    pub(super) fn current(&self, number: usize) -> Option<Pause> {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = pauses.get(number)?.clone()?;
        (pause.until > Instant::now()).then_some(pause)
    }

    /// Begins a pause; one that lasts longer stays.
    pub(super) fn begin(
        &self,
        number: usize,
        wait: Duration,
        reason: &'static str,
        is_rate_limited: bool,
    ) {
        let until = Instant::now() + wait;
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pauses.get_mut(number)
            && pause.as_ref().is_none_or(|pause| pause.until < until)
        {
            *pause = Some(Pause {
                until,
                reason,
                is_rate_limited,
            });
        }
    }
}
