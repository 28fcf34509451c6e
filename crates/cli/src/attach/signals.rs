//! Handles the signals that the user or the system sends while a workload runs.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Signals that are handed to the workload: HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CONT, URG,
/// XCPU, XFSZ, VTALRM, PROF, WINCH, IO, PWR. Those by which a shell stops and resumes its jobs
/// (TSTP, TTIN, TTOU) are for this process.
const FORWARDED: [u8; 16] = [1, 2, 3, 10, 12, 14, 15, 18, 23, 24, 25, 26, 27, 28, 29, 30];

/// Those by which a user or system asks for an end: HUP, INT, QUIT, TERM.
const DEMANDS: [u8; 4] = [1, 2, 3, 15];

/// Whether a signal asks for an end.
pub(super) fn is_demand(number: u8) -> bool {
    DEMANDS.contains(&number)
}

/// The third SIGINT ends the machine without asking the workload, which may be a program in
/// which people type Ctrl-C; of the other demands the second does.
const PATIENCE: u32 = 3;
const INTERRUPT: u8 = 2;
/// Longest time between two demands that count as insisting.
const IN_A_ROW: Duration = Duration::from_secs(10);

/// The action that a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Forward this signal to the workload.
    Forward(u8),
    /// End the machine.
    Abandon,
}

/// The signal handlers. Until they are installed, a signal ends the process as usual.
pub(crate) struct Signals {
    handlers: Vec<(u8, Signal)>,
    demands: Demands,
}

/// The demands for an end in a row.
#[derive(Debug, Default)]
struct Demands {
    /// Their weight.
    weight: u32,
    /// The last one and its time.
    last: Option<(u8, Instant)>,
}

impl Demands {
    /// Adds a demand; returns whether the user insists. What was demanded long ago does not count: a
    /// program may reload at every HUP.
    fn insist(&mut self, number: u8, now: Instant) -> bool {
        let is_in_a_row = self.last.is_some_and(|(_, last)| now - last <= IN_A_ROW);
        if !is_in_a_row {
            self.weight = 0;
        }
        self.last = Some((number, now));
        self.weight += if number == INTERRUPT { 1 } else { 2 };
        self.weight >= PATIENCE
    }
}

impl Signals {
    /// Handles every signal but those that cannot be handled, are about this process's own faults
    /// or children, or say that its output is closed.
    pub(crate) fn install() -> Result<Self, Failure> {
        let handle = |number: u8| {
            let handler = signal(SignalKind::from_raw(number.into()));
            let handler = handler.map_err(|error| Failure::io("handle signals", error));
            handler.map(|handler| (number, handler))
        };
        let handlers = FORWARDED.into_iter().map(handle);
        Ok(Self {
            handlers: handlers.collect::<Result<_, _>>()?,
            demands: Demands::default(),
        })
    }

    /// The signal by which the user insisted on an end.
    pub(crate) fn insisted(&self) -> u8 {
        self.demands.last.map_or(INTERRUPT, |(number, _)| number)
    }

    /// The next signal that asks for an end, by number. Others are passed over. Safe to drop before
    /// it resolves.
    pub(crate) async fn next_demand(&mut self) -> u8 {
        loop {
            let number = self.next_number().await;
            if is_demand(number) {
                return number;
            }
        }
    }

    /// The next request. Safe to drop before it resolves.
    pub(super) async fn next(&mut self) -> Request {
        let number = self.next_number().await;
        if DEMANDS.contains(&number) && self.demands.insist(number, Instant::now()) {
            return Request::Abandon;
        }
        Request::Forward(number)
    }

    async fn next_number(&mut self) -> u8 {
        poll_fn(|cx| {
            for (number, handler) in &mut self.handlers {
                if let Poll::Ready(Some(())) = handler.poll_recv(cx) {
                    return Poll::Ready(*number);
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests;
