//! The handles of one session.

use std::io;
use std::sync::Arc;

use lazaret_protocol::TerminalSize;
use lazaret_protocol::mux::Event;
use tokio::sync::watch;

use super::shared::{Closed, Shared};
use crate::Error;

/// A session with a guest, in three parts that may be used side by side.
#[derive(Debug)]
pub struct Session {
    /// Standard input.
    pub input: Input,
    /// Events of the session.
    pub events: Events,
    /// Signals and terminal sizes to the session.
    pub control: Control,
}

impl Session {
    pub(super) fn new(number: u32, shared: Arc<Shared>, changed: watch::Receiver<()>) -> Self {
        let control = Control { number, shared };
        Self {
            input: Input {
                control: control.clone(),
                changed: changed.clone(),
            },
            events: Events {
                control: control.clone(),
                changed,
            },
            control,
        }
    }
}

/// Sends signals and sizes of the terminal. Clones refer to the same session.
#[derive(Debug, Clone)]
pub struct Control {
    number: u32,
    shared: Arc<Shared>,
}

impl Control {
    /// Sends a signal (1 to 64) to the session's command; does nothing if the command has ended.
    pub fn signal(&self, number: u8) {
        self.shared.signal(self.number, number);
    }

    /// Tells the session the size of its terminal; does nothing if the command has ended. The command
    /// gets SIGWINCH. Sizes that follow each other faster than they can be sent may be skipped, but
    /// not the last.
    pub fn resize(&self, size: TerminalSize) {
        self.shared.resize(self.number, size);
    }
}

/// Standard input of a session, which ends when this is dropped.
#[derive(Debug)]
pub struct Input {
    control: Control,
    changed: watch::Receiver<()>,
}

impl Input {
    /// Writes all bytes; waits while the command reads none. `false` when they cannot be delivered
    /// any more: the session has ended, or the machine is gone. If cancelled, it may have written a
    /// part.
    pub async fn write(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            self.changed.mark_unchanged();
            let Some(written) = self.control.shared.write(self.control.number, bytes) else {
                return false;
            };
            bytes = &bytes[written..];
            if !bytes.is_empty() && self.changed.changed().await.is_err() {
                return false;
            }
        }
        true
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.control.shared.end(self.control.number);
    }
}

/// The events of a session. When it is dropped, output is discarded, and the command goes on.
#[derive(Debug)]
pub struct Events {
    control: Control,
    changed: watch::Receiver<()>,
}

impl Events {
    /// The next event, in the order of the guest's frames. `None` when the machine is gone, and
    /// after [`Event::Ended`]. It is safe to cancel.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the guest broke the protocol or reported a failure,
    /// [`Error::Channel`] when the stream broke; every session then reports the same.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            self.changed.mark_unchanged();
            match self.control.shared.next_event(self.control.number) {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(Closed::Ended) => return Ok(None),
                Err(Closed::Protocol(source)) => return Err(Error::Protocol { source }),
                Err(Closed::Broken(reason)) => {
                    let source = io::Error::other(reason);
                    return Err(Error::Channel { source });
                }
            }
            if self.changed.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.control.shared.discard(self.control.number);
    }
}
