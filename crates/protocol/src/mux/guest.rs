//! The guest's side of the multiplexer: it answers the sessions that the host opens.

use super::core::{Core, MAX_SESSIONS};
use super::session::{Session, State};
use crate::error::Error;
use crate::frame::Frame;
use crate::kind::Kind;
use crate::outcome::Ending;
use crate::stream::Stream;
use crate::terminal::TerminalSize;

/// The guest's sessions with one host. See [`crate::mux`].
#[derive(Debug, Default)]
pub struct GuestMux(Core);

/// A request of the host beyond what [`GuestMux`] itself handles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A session was opened; [`GuestMux::started`] or [`GuestMux::finish`] answers it.
    Opened {
        /// Number of the session.
        session: u32,
        /// The JSON request, not parsed: if the guest cannot parse it, only this session fails. A
        /// host sends its guest a [`crate::Request`].
        request: Vec<u8>,
    },
    /// A signal is to be delivered.
    Signal {
        /// Number of the session.
        session: u32,
        /// Number of the signal, unchecked.
        number: u8,
    },
    /// The terminal has another size.
    Resize {
        /// Number of the session.
        session: u32,
        /// The new size, unchecked.
        size: TerminalSize,
    },
}

impl GuestMux {
    /// Takes a frame from the host.
    ///
    /// # Errors
    /// Those of [`Error`] that a host can cause.
    pub fn receive(&mut self, frame: &Frame<'_>) -> Result<Option<Happened>, Error> {
        let number = frame.session;
        if frame.kind == Kind::Open {
            return self.opened(frame).map(Some);
        }
        let was_opened = (1..=self.0.last_opened).contains(&number);
        let Some(session) = self.0.session(number) else {
            // The frame was on its way when the session ended.
            return match frame.kind {
                Kind::Input | Kind::Credit | Kind::Signal | Kind::Resize if was_opened => Ok(None),
                kind => Err(Error::UnknownSession {
                    kind,
                    session: number,
                }),
            };
        };
        match frame.kind {
            Kind::Signal => {
                let [signal] = *frame.payload else {
                    return Err(frame.damaged("a signal has one byte"));
                };
                Ok(Some(Happened::Signal {
                    session: number,
                    number: signal,
                }))
            }
            Kind::Resize => Ok(Some(Happened::Resize {
                session: number,
                size: TerminalSize::read(frame)?,
            })),
            _ => session.receive(frame).map(|()| None),
        }
    }

    fn opened(&mut self, frame: &Frame<'_>) -> Result<Happened, Error> {
        let number = frame.session;
        if number <= self.0.last_opened {
            return Err(Error::SessionReused { session: number });
        }
        if self.0.sessions.len() >= MAX_SESSIONS {
            return Err(Error::TooManySessions);
        }
        self.0.last_opened = number;
        let session = Session::new(&[Stream::Output, Stream::Errors]);
        self.0.sessions.insert(number, session);
        Ok(Happened::Opened {
            session: number,
            request: frame.payload.to_vec(),
        })
    }

    /// Whether the session is open: it was opened, and its ending is not sent yet.
    #[must_use]
    pub fn is_open(&self, session: u32) -> bool {
        self.0.sessions.contains_key(&session)
    }

    /// Whether the session still accepts output: [`GuestMux::finish`] has not ended it.
    #[must_use]
    pub fn is_running(&self, session: u32) -> bool {
        self.0.is_running(session)
    }

    /// Reports to the host that the session's command runs.
    pub fn started(&mut self, session: u32) {
        if let Some(session) = self.0.session(session)
            && session.state == State::Asked
        {
            session.state = State::Running;
            session.first = Some((Kind::Started, Vec::new()));
        }
    }

    /// Ends a session; the ending follows the written bytes. Later frames for the session are
    /// dropped.
    pub fn finish(&mut self, session: u32, ending: &Ending) {
        let (kind, payload) = match ending {
            Ending::Exit(outcome) => (Kind::Exit, serde_json::to_vec(outcome)),
            Ending::Failure(failure) => (Kind::Failure, serde_json::to_vec(failure)),
        };
        let payload = payload.expect("endings have string keys and no failing serializers");
        if let Some(session) = self.0.session(session)
            && session.state != State::Ended
        {
            session.finish(kind, payload);
        }
    }

    /// Number of bytes of an output stream that [`GuestMux::write`] accepts now.
    #[must_use]
    pub fn room(&self, session: u32, stream: Stream) -> usize {
        self.0.room(session, stream)
    }

    /// Queues as many bytes of an output stream as there is room for; returns their number.
    pub fn write(&mut self, session: u32, stream: Stream, bytes: &[u8]) -> usize {
        self.0.write(session, stream, bytes)
    }

    /// Ends an output stream.
    pub fn end(&mut self, session: u32, stream: Stream) {
        self.0.end(session, stream);
    }

    /// The bytes of standard input to read next; [`GuestMux::consume`] removes them. Empty when
    /// there are none now.
    #[must_use]
    pub fn input(&self, session: u32) -> &[u8] {
        let session = self.0.sessions.get(&session);
        session
            .and_then(|session| session.received(Stream::Input))
            .map_or(&[], |incoming| incoming.front())
    }

    /// Records that the first `count` bytes of standard input were read.
    pub fn consume(&mut self, session: u32, count: usize) {
        if let Some(incoming) = self
            .0
            .session(session)
            .and_then(|session| session.incoming(Stream::Input))
        {
            incoming.consume(count);
        }
    }

    /// Whether standard input has ended and was read to its end.
    #[must_use]
    pub fn input_is_over(&self, session: u32) -> bool {
        let session = self.0.sessions.get(&session);
        session
            .and_then(|session| session.received(Stream::Input))
            .is_none_or(|incoming| incoming.is_over())
    }

    /// Discards standard input: the bytes that have come and those to come.
    pub fn discard(&mut self, session: u32) {
        if let Some(session) = self.0.session(session) {
            session.discard();
        }
    }

    /// Appends the next frame for the host to `wire`; returns its session, which may have room
    /// again. `None` when there is nothing to send.
    pub fn write_next(&mut self, wire: &mut Vec<u8>) -> Option<u32> {
        self.0.write_next(wire)
    }

    /// Number of bytes held for all sessions.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.0.held()
    }
}
