//! The sessions of one side, and the order in which they send.

use std::collections::BTreeMap;

use super::session::{Session, State};
use crate::stream::Stream;

/// Most sessions at a time, including ended ones whose output is not read yet.
pub const MAX_SESSIONS: usize = 64;

/// The sessions that are not gone.
#[derive(Debug, Default)]
pub(super) struct Core {
    pub(super) sessions: BTreeMap<u32, Session>,
    /// The highest session number that was ever opened.
    pub(super) last_opened: u32,
    /// Number of the session that sent last.
    turn: u32,
}

impl Core {
    pub(super) fn session(&mut self, number: u32) -> Option<&mut Session> {
        self.sessions.get_mut(&number)
    }

    /// Whether the session has not ended.
    pub(super) fn is_running(&self, number: u32) -> bool {
        let session = self.sessions.get(&number);
        session.is_some_and(|session| session.state != State::Ended)
    }

    pub(super) fn room(&self, number: u32, stream: Stream) -> usize {
        let session = self.sessions.get(&number);
        session
            .and_then(|session| session.sent(stream))
            .map_or(0, |outgoing| outgoing.room())
    }

    pub(super) fn write(&mut self, number: u32, stream: Stream, bytes: &[u8]) -> usize {
        self.session(number)
            .and_then(|session| session.outgoing(stream))
            .map_or(0, |outgoing| outgoing.write(bytes))
    }

    pub(super) fn end(&mut self, number: u32, stream: Stream) {
        if let Some(outgoing) = self
            .session(number)
            .and_then(|session| session.outgoing(stream))
        {
            outgoing.end();
        }
    }

    /// Appends the next frame to `wire`; returns its session. Short messages come first, and the
    /// sessions take turns.
    pub(super) fn write_next(&mut self, wire: &mut Vec<u8>) -> Option<u32> {
        if let Some(number) = self.next(Session::has_message) {
            self.session(number)?.write_message(number, wire);
            return Some(number);
        }
        let number = self.next(Session::has_bytes)?;
        self.turn = number;
        if self.session(number)?.write_bytes(number, wire) {
            self.sessions.remove(&number);
        }
        Some(number)
    }

    /// The first session after the one that sent last for which `can_send` returns true.
    fn next(&self, can_send: impl Fn(&Session) -> bool) -> Option<u32> {
        let (before, after) = (..=self.turn, self.turn.saturating_add(1)..);
        let mut in_turn = self
            .sessions
            .range(after)
            .chain(self.sessions.range(before));
        in_turn
            .find(|(_, session)| can_send(session))
            .map(|(number, _)| *number)
    }

    /// Number of bytes held for all sessions.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.sessions.values().map(Session::held).sum()
    }
}
