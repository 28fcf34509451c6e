//! The requests that wait for a person.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lazaret_egress::{Answer, AskRecord, ToBoundary};
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::machines::question::Question;

/// All questions of a machine.
#[derive(Debug)]
pub(super) struct Questions {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    /// By our numbers, each with the boundary's.
    waiting: BTreeMap<u64, (u64, Question)>,
    /// Our next number.
    next: u64,
    /// Where answers go.
    boundary: Option<mpsc::UnboundedSender<ToBoundary>>,
}

impl Questions {
    /// The questions of a machine that was made then. Numbers begin with the microseconds of its life, which no
    /// guest asks as fast as, so that no number stands for another request later: a person may answer what was
    /// listed before a restart.
    pub(super) fn of(created: u64) -> Self {
        const MICROSECOND: u64 = 1000;
        let age = clock::nanoseconds().saturating_sub(created) / MICROSECOND;
        Self {
            state: Mutex::new(State {
                waiting: BTreeMap::new(),
                next: age + 1,
                boundary: None,
            }),
            changed: watch::channel(()).0,
        }
    }

    /// From now on a boundary takes the answers; what another one has asked is over.
    pub(super) fn attach(&self, boundary: mpsc::UnboundedSender<ToBoundary>) {
        self.replace(Some(boundary));
    }

    /// Nobody waits any more.
    pub(super) fn clear(&self) {
        self.replace(None);
    }

    /// The boundary asks.
    pub(super) fn add(&self, mut asked: AskRecord) {
        let since = clock::nanoseconds();
        {
            let mut state = self.state();
            let number = state.next;
            state.next += 1;
            let of_boundary = std::mem::replace(&mut asked.ask, number);
            let question = Question { since, asked };
            state.waiting.insert(number, (of_boundary, question));
        }
        self.changed.send_replace(());
    }

    /// The boundary does not ask any more; the number is its own.
    pub(super) fn remove(&self, of_boundary: u64) {
        let mut state = self.state();
        state
            .waiting
            .retain(|_, (number, _)| *number != of_boundary);
        drop(state);
        self.changed.send_replace(());
    }

    pub(super) fn list(&self) -> Vec<Question> {
        let state = self.state();
        let questions = state.waiting.values().map(|(_, question)| question);
        questions.cloned().collect()
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn get(&self, number: u64) -> Option<AskRecord> {
        let state = self.state();
        let (_, question) = state.waiting.get(&number)?;
        Some(question.asked.clone())
    }

    pub(super) fn answer(&self, number: u64, answer: Answer) {
        let removed = self.state().waiting.remove(&number);
        if let Some((ask, _)) = removed {
            self.send(ToBoundary::Answer { ask, answer });
        }
        self.changed.send_replace(());
    }

    /// Tells the boundary something.
    pub(super) fn send(&self, message: ToBoundary) {
        if let Some(boundary) = &self.state().boundary {
            // When it has just ended, the next one gets everything anew.
            let _ = boundary.send(message);
        }
    }

    fn replace(&self, boundary: Option<mpsc::UnboundedSender<ToBoundary>>) {
        {
            let mut state = self.state();
            state.waiting.clear();
            state.boundary = boundary;
        }
        self.changed.send_replace(());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
