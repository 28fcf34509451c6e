//! The conversation with a workload: its streams, its signals and its ending, without frames.
//!
//! ```text
//! Input    write, dropped ---> standard input and its end
//! Control  signal         ---> the workload
//! Events   next           <--- output, errors, ending
//! ```
//! The sessions of `lazaret-vm` carry it. This module keeps the channel below them open and reports
//! how the workload ended. It never reads or writes a terminal: the command line does.

use lazaret_protocol::Request;
use lazaret_protocol::mux;
use lazaret_vm::Channel;
pub use lazaret_vm::{Control, Input};

use super::life::Ending;
use crate::Error;

/// A session with a workload. Dropping its events ends the machine.
#[derive(Debug)]
pub struct Session {
    /// The workload's standard input.
    pub input: Input,
    /// The workload's output and its ending.
    pub events: Events,
    /// Sends signals to the workload.
    pub control: Control,
}

/// The stream of everything that comes from the workload, in order.
#[derive(Debug)]
pub struct Events {
    events: lazaret_vm::Events,
    /// Closes the channel when it is dropped.
    _channel: Channel,
}

/// One thing that came from the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes from its standard output.
    Output(Vec<u8>),
    /// Bytes from its standard error.
    Errors(Vec<u8>),
    /// The ending, which is the last event.
    Ended(Ending),
}

impl Session {
    /// Opens the first session of a guest, which owns the channel.
    pub(super) fn open(channel: Channel, request: &Request) -> Result<Self, Error> {
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
    /// [`Error::ChannelClosed`] when the machine ends before the workload has ended, and
    /// [`Error::Vm`] when the guest breaks the protocol.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            return Ok(match self.events.next().await? {
                None => return Err(Error::ChannelClosed),
                Some(mux::Event::Started) => continue,
                Some(mux::Event::Output(bytes)) => Event::Output(bytes),
                Some(mux::Event::Errors(bytes)) => Event::Errors(bytes),
                Some(mux::Event::Ended(lazaret_protocol::Ending::Exit(outcome))) => {
                    Event::Ended(Ending::Exit(outcome))
                }
                Some(mux::Event::Ended(lazaret_protocol::Ending::Failure(failure))) => {
                    Event::Ended(Ending::Failure(failure))
                }
            });
        }
    }
}
