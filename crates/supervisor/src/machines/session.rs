//! A session with the holder of a machine: streams, signals and an ending, without frames.
//!
//! ```text
//! Input    write, dropped  ---> standard input and its end
//! Control  signal, resize  ---> the command
//! Events   next            <--- started, output, errors, ending
//! ```
//! The sessions of `lazaret-vm` carry it. This module keeps the channel below them open. It never
//! reads or writes a terminal: the command line does.

use std::sync::Arc;

use lazaret_protocol::mux;
use lazaret_vm::Channel;
pub use lazaret_vm::{Control, Input};
use serde::Serialize;

use super::life::Ending;
use crate::Error;

/// A session with a workload or a command. It ends when its events are dropped.
#[derive(Debug)]
pub struct Session {
    /// Standard input.
    pub input: Input,
    /// The output and the ending.
    pub events: Events,
    /// Sends signals, and the size of the terminal.
    pub control: Control,
}

/// The stream of everything that comes from a session, in order.
#[derive(Debug)]
pub struct Events {
    events: lazaret_vm::Events,
    /// Closes when the last session and client of it are dropped.
    _channel: Arc<Channel>,
}

/// One thing that came from a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The command runs.
    Started,
    /// Bytes from its standard output, or its terminal.
    Output(Vec<u8>),
    /// Bytes from its standard error.
    Errors(Vec<u8>),
    /// The ending, which is the last event.
    Ended(Ending),
}

impl Session {
    pub(super) fn open(channel: Arc<Channel>, request: &impl Serialize) -> Result<Self, Error> {
        let session = channel.open(request)?;
        Ok(Self {
            input: session.input,
            events: Events {
                events: session.events,
                _channel: channel,
            },
            control: session.control,
        })
    }
}

impl Events {
    /// Waits for the next event. Dropping the future at any time loses no event.
    ///
    /// # Errors
    /// [`Error::ChannelClosed`] when the holder ends before the session has, and [`Error::Vm`] when
    /// it breaks the protocol.
    pub async fn next(&mut self) -> Result<Event, Error> {
        match self.events.next().await? {
            None => Err(Error::ChannelClosed),
            Some(mux::Event::Started) => Ok(Event::Started),
            Some(mux::Event::Output(bytes)) => Ok(Event::Output(bytes)),
            Some(mux::Event::Errors(bytes)) => Ok(Event::Errors(bytes)),
            Some(mux::Event::Ended(ending)) => Ok(Event::Ended(ending.into())),
        }
    }
}
