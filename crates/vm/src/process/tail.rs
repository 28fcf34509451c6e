//! Keeps the end of an output stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lazaret_values::Printable;

/// The last bytes that were written; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    state: Arc<Mutex<State>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    last: VecDeque<u8>,
    total: u64,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Arc::default(),
            limit,
        }
    }

    pub(crate) fn push(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.total = state.total.saturating_add(bytes.len() as u64);
        state
            .last
            .extend(&bytes[bytes.len().saturating_sub(self.limit)..]);
        let excess = state.last.len().saturating_sub(self.limit);
        state.last.drain(..excess);
    }

    /// Total number of bytes written.
    pub(crate) fn total(&self) -> u64 {
        self.lock().total
    }

    /// The last `count` lines that are not blank, as text that is safe to print: the guest's
    /// output must not control the terminal.
    pub(crate) fn lines(&self, count: usize) -> String {
        let bytes: Vec<u8> = self.lock().last.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<String> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| Printable::new(line).whole().to_string())
            .collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Locks the state; poisoning is ignored, as each change leaves the state consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
