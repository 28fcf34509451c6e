//! The host's side of the multiplexer: it opens sessions and reads their events.

use serde::Serialize;

use super::core::{Core, MAX_SESSIONS};
use super::session::{Session, State};
use crate::error::Error;
use crate::frame::Frame;
use crate::kind::{Kind, PIECE_BYTES};
use crate::opening;
use crate::outcome::{Ending, Failure};
use crate::stream::Stream;
use crate::terminal::TerminalSize;

/// The host's sessions with one guest. See [`crate::mux`].
#[derive(Debug, Default)]
pub struct HostMux(Core);

/// An event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Its command was started.
    Started,
    /// Bytes of standard output, at most [`PIECE_BYTES`].
    Output(Vec<u8>),
    /// Bytes of standard error, at most [`PIECE_BYTES`].
    Errors(Vec<u8>),
    /// It has ended; there is nothing more.
    Ended(Ending),
}

impl HostMux {
    /// Opens a session with a request, which is sent as JSON; returns the session's number.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a request that does not fit a frame, [`Error::Message`] for one that
    /// has no representation in JSON, [`Error::TooManySessions`].
    pub fn open(&mut self, request: &impl Serialize) -> Result<u32, Error> {
        let payload = opening::encode(request)?;
        let number = self.0.last_opened.checked_add(1);
        let number = number
            .filter(|_| self.0.sessions.len() < MAX_SESSIONS)
            .ok_or(Error::TooManySessions)?;
        let mut session = Session::new(&[Stream::Input]);
        session.first = Some((Kind::Open, payload));
        self.0.sessions.insert(number, session);
        self.0.last_opened = number;
        Ok(number)
    }

    /// Number of bytes of standard input that [`HostMux::write`] accepts now.
    #[must_use]
    pub fn room(&self, session: u32) -> usize {
        self.0.room(session, Stream::Input)
    }

    /// Queues as many bytes of standard input as there is room for; returns their number.
    pub fn write(&mut self, session: u32, bytes: &[u8]) -> usize {
        self.0.write(session, Stream::Input, bytes)
    }

    /// Ends standard input.
    pub fn end(&mut self, session: u32) {
        self.0.end(session, Stream::Input);
    }

    /// Sends a signal to a session that has not ended. A signal that waits to be sent is not queued
    /// twice, and numbers that are no signal (1 to 64) are ignored.
    pub fn signal(&mut self, session: u32, number: u8) {
        if let Some(session) = self.0.session(session)
            && session.state != State::Ended
            && (1..=64).contains(&number)
        {
            session.signals |= 1 << (number - 1);
        }
    }

    /// Tells a session that has not ended the size of its terminal. Only the last size that waits to
    /// be sent is sent.
    pub fn resize(&mut self, session: u32, size: TerminalSize) {
        if let Some(session) = self.0.session(session)
            && session.state != State::Ended
        {
            session.size = Some(size);
        }
    }

    /// Stops reading: output is discarded, and the session is forgotten once it ends.
    pub fn discard(&mut self, number: u32) {
        let Some(session) = self.0.session(number) else {
            return;
        };
        session.discard();
        if session.state == State::Ended {
            self.0.sessions.remove(&number);
        }
    }

    /// Whether the session is open: it was opened, and its ending is not read yet.
    #[must_use]
    pub fn is_open(&self, session: u32) -> bool {
        self.0.sessions.contains_key(&session)
    }

    /// Whether the session still accepts input: its ending has not come.
    #[must_use]
    pub fn is_running(&self, session: u32) -> bool {
        self.0.is_running(session)
    }

    /// Takes a frame from the guest; returns the session that it belongs to.
    ///
    /// # Errors
    /// Those of [`Error`] that a guest can cause, [`Error::PeerFailed`] among them.
    pub fn receive(&mut self, frame: &Frame<'_>) -> Result<u32, Error> {
        let number = frame.session;
        let unexpected = Error::Unexpected {
            kind: frame.kind,
            session: number,
        };
        if number == 0 && frame.kind == Kind::Failure {
            let failure: Failure = frame.message()?;
            return Err(Error::PeerFailed {
                message: failure.message,
            });
        }
        let was_opened = (1..=self.0.last_opened).contains(&number);
        let session = match self.0.session(number) {
            Some(session) if session.state != State::Ended => session,
            _ if was_opened => {
                return Err(Error::SessionEnded {
                    kind: frame.kind,
                    session: number,
                });
            }
            _ => {
                return Err(Error::UnknownSession {
                    kind: frame.kind,
                    session: number,
                });
            }
        };
        match (frame.kind, session.state) {
            (Kind::Started, State::Asked) => {
                session.state = State::Running;
                session.has_started = true;
            }
            (Kind::Exit, State::Running) => session.end(Ending::Exit(frame.message()?)),
            (Kind::Failure, _) => session.end(Ending::Failure(frame.message()?)),
            (Kind::Output | Kind::Errors, State::Running) | (Kind::Credit, _) => {
                session.receive(frame)?;
            }
            _ => return Err(unexpected),
        }
        if session.state == State::Ended && session.is_discarded {
            self.0.sessions.remove(&number);
        }
        Ok(number)
    }

    /// The next event of a session, in the order of the guest's frames; `None` until there is
    /// one. The session is gone with [`Event::Ended`].
    pub fn next_event(&mut self, number: u32) -> Option<Event> {
        let session = self.0.session(number)?;
        if std::mem::take(&mut session.has_started) {
            return Some(Event::Started);
        }
        match session.take(PIECE_BYTES) {
            Some((Stream::Errors, bytes)) => return Some(Event::Errors(bytes)),
            Some((_, bytes)) => return Some(Event::Output(bytes)),
            None => {}
        }
        let ending = session.ending.take()?;
        self.0.sessions.remove(&number);
        Some(Event::Ended(ending))
    }

    /// Appends the next frame for the guest to `wire`; returns its session, which may have
    /// room again. `None` when there is nothing to send.
    pub fn write_next(&mut self, wire: &mut Vec<u8>) -> Option<u32> {
        self.0.write_next(wire)
    }

    /// Number of bytes held for all sessions.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.0.held()
    }
}
