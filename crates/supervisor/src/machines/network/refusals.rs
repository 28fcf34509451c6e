//! The refusals of a machine that are told one by one: a guest may cause any number of them, and logs have
//! an end.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lazaret_egress::DecisionRecord;

/// The most refusals that are told in a while.
const MOST: u32 = 200;
const WHILE: Duration = Duration::from_secs(60);

/// Counts refusals.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Refusals {
    /// The refusal, if it is to be told; the first one of a while says how many were not told before.
    pub(super) fn admit(&self, mut record: DecisionRecord) -> Option<DecisionRecord> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if counted.since.is_none_or(|since| now - since >= WHILE) {
            if counted.untold > 0 {
                let reason = record.reason.unwrap_or_default();
                let untold = counted.untold;
                record.reason = Some(format!(
                    "{reason} ({untold} refusals before it were not told)"
                ));
            }
            *counted = Counted {
                since: Some(now),
                told: 0,
                untold: 0,
            };
        }
        if counted.told >= MOST {
            counted.untold += 1;
            return None;
        }
        counted.told += 1;
        Some(record)
    }
}

#[cfg(test)]
mod tests;
