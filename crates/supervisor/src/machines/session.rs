//! The conversation with a workload: its streams, its signals and its ending, without frames.
//!
//! ```text
//! Input    write, end ---> Stdin, StdinClosed
//! Control  signal     ---> Signal
//! Events   next       <--- Stdout, Stderr, Exit, Failure; StdinTaken moves the window
//! ```

use std::sync::Arc;

use lazaret_protocol::{Frame, Kind, STDIN_WINDOW_BYTES};
use lazaret_vm::{Channel, Receiver, Sender};
use tokio::sync::{Mutex, watch};

use super::life::Ending;
use crate::Error;

/// A workload's session. Dropping all of it ends the machine.
#[derive(Debug)]
pub struct Session {
    /// Its standard input.
    pub input: Input,
    /// Its output and its ending.
    pub events: Events,
    /// Its signals.
    pub control: Control,
}

/// The workload's standard input.
#[derive(Debug)]
pub struct Input {
    sender: Arc<Mutex<Sender>>,
    under_way: Arc<watch::Sender<usize>>,
}

/// Signals for the workload.
#[derive(Debug)]
pub struct Control {
    sender: Arc<Mutex<Sender>>,
}

/// Everything that comes from the workload, in order.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver,
    under_way: Arc<watch::Sender<usize>>,
}

/// Something that came from the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes of its standard output.
    Output(Vec<u8>),
    /// Bytes of its standard error.
    Errors(Vec<u8>),
    /// The last event.
    Ended(Ending),
}

impl Session {
    pub(super) fn new(channel: Channel) -> Self {
        let (sender, receiver) = channel.split();
        let sender = Arc::new(Mutex::new(sender));
        let under_way = Arc::new(watch::Sender::new(0));
        Self {
            input: Input {
                sender: Arc::clone(&sender),
                under_way: Arc::clone(&under_way),
            },
            events: Events {
                receiver,
                under_way,
            },
            control: Control { sender },
        }
    }
}

impl Input {
    /// Hands bytes to standard input, as fast as the workload reads. Not to be dropped before it
    /// is done.
    ///
    /// # Errors
    /// [`Error::Vm`] when the machine is gone.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut under_way = self.under_way.subscribe();
        // It cannot close: this value holds the sender as well.
        let _ = under_way
            .wait_for(|under_way| *under_way < STDIN_WINDOW_BYTES)
            .await;
        self.under_way
            .send_modify(|under_way| *under_way += bytes.len());
        send(&self.sender, Kind::Stdin, bytes).await
    }

    /// Ends standard input. Not to be dropped before it is done.
    ///
    /// # Errors
    /// [`Error::Vm`] when the machine is gone.
    pub async fn end(self) -> Result<(), Error> {
        send(&self.sender, Kind::StdinClosed, &[]).await
    }
}

impl Control {
    /// Sends a signal to the workload. Not to be dropped before it is done.
    ///
    /// # Errors
    /// [`Error::Vm`] when the machine is gone.
    pub async fn signal(&self, number: u8) -> Result<(), Error> {
        send(&self.sender, Kind::Signal, &[number]).await
    }
}

async fn send(sender: &Mutex<Sender>, kind: Kind, payload: &[u8]) -> Result<(), Error> {
    let payload = payload.to_vec();
    let mut sender = sender.lock().await;
    Ok(sender.send(&Frame { kind, payload }).await?)
}

impl Events {
    /// The next event. May be dropped at any time without losing one.
    ///
    /// # Errors
    /// [`Error::ChannelClosed`] when the machine goes before the workload has ended;
    /// [`Error::GuestProtocol`], [`Error::Vm`].
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            let Some(frame) = self.receiver.receive().await? else {
                return Err(Error::ChannelClosed);
            };
            let broken = Error::GuestProtocol { kind: frame.kind };
            match frame.kind {
                Kind::Stdout => return Ok(Event::Output(frame.payload)),
                Kind::Stderr => return Ok(Event::Errors(frame.payload)),
                Kind::StdinTaken => {
                    let taken = frame.as_count().ok_or(broken)?;
                    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
                    self.under_way
                        .send_modify(|under_way| *under_way = under_way.saturating_sub(taken));
                }
                Kind::Exit => {
                    let outcome = serde_json::from_slice(&frame.payload).map_err(|_| broken)?;
                    return Ok(Event::Ended(Ending::Exit(outcome)));
                }
                Kind::Failure => {
                    let failure = serde_json::from_slice(&frame.payload).map_err(|_| broken)?;
                    return Ok(Event::Ended(Ending::Failure(failure)));
                }
                Kind::Started => {}
                _ => return Err(broken),
            }
        }
    }
}
