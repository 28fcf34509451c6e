//! The time between the end of a command and the end of its output.

use std::time::{Duration, Instant};

use lazaret_protocol::Outcome;

/// How long the output must be quiet, after the command has ended, to be called complete.
pub(crate) const QUIET: Duration = Duration::from_millis(200);

/// How long output of processes left in the background is carried at most.
const LINGER: Duration = Duration::from_secs(2);

/// Decides when the output of a command that has ended is complete.
///
/// A process left in the background may hold the pipes open for ever. The output is complete when
/// everything written before the end was carried and then nothing came for [`QUIET`], or
/// [`LINGER`] has passed.
#[derive(Debug)]
pub(crate) struct Drain {
    outcome: Outcome,
    /// Bytes that were in the pipes when the command ended and were not carried yet.
    owed: usize,
    since: Instant,
    last_byte: Instant,
}

impl Drain {
    /// Of a command that ended `now` with this outcome and `owed` bytes in its pipes.
    pub(crate) fn new(outcome: Outcome, owed: usize, now: Instant) -> Self {
        Self {
            outcome,
            owed,
            since: now,
            last_byte: now,
        }
    }

    /// How the command ended.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Takes note of the bytes carried by one turn. While the host takes no more, nothing is
    /// read, which is no quiet.
    pub(crate) fn note(&mut self, carried: usize, host_reads: bool, now: Instant) {
        self.owed = self.owed.saturating_sub(carried);
        if carried > 0 || !host_reads {
            self.last_byte = now;
        }
    }

    /// Whether the output is complete although the pipes are open.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.owed == 0
            && (now.duration_since(self.last_byte) >= QUIET
                || now.duration_since(self.since) >= LINGER)
    }
}

#[cfg(test)]
mod tests;
