//! The drain phase: the time between the end of a command and the end of its output.

use std::time::{Duration, Instant};

use lazaret_protocol::Outcome;

/// Time without output, after the command has ended, after which the output is complete.
pub(crate) const QUIET: Duration = Duration::from_millis(200);

/// Longest time for which output of background processes is still carried.
const LINGER: Duration = Duration::from_secs(2);

/// Decides when the output of a command that has ended is complete.
///
/// A background process may hold the pipes open for ever. The output is complete when
/// everything that was written before the end was carried and then nothing came for [`QUIET`], or
/// when [`LINGER`] has passed.
#[derive(Debug)]
pub(crate) struct Drain {
    outcome: Outcome,
    /// Number of bytes, at most, that were in the pipes when the command ended and are not carried yet.
    owed: usize,
    since: Instant,
    last_byte: Instant,
}

impl Drain {
    /// The drain of a command that ended at `now` with this outcome and at most `owed` bytes in its
    /// pipes.
    pub(crate) fn new(outcome: Outcome, owed: usize, now: Instant) -> Self {
        Self {
            outcome,
            owed,
            since: now,
            last_byte: now,
        }
    }

    /// Outcome of the command.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Records the number of bytes carried by one turn. While the host accepts no more, nothing is
    /// read, which does not count as quiet.
    pub(crate) fn note(&mut self, carried: usize, host_reads: bool, now: Instant) {
        self.owed = self.owed.saturating_sub(carried);
        if carried > 0 || !host_reads {
            self.last_byte = now;
        }
    }

    /// Records that the pipes are empty.
    pub(crate) fn note_empty(&mut self) {
        self.owed = 0;
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
