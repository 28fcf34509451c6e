//! The channel to a guest: a task that owns the stream, and sessions that share it.
//!
//! ```text
//! Session ---- write, signal, next ----> Shared: HostMux, waiting sessions
//! Session ---- ...                          ^                  |
//!                                           | receive          | write_next
//!                              task:  read from the stream, write to the stream
//! ```
//!
//! No lock is held across a wait, and the task never waits for a session's reader: unread
//! bytes fill that session's window and stay there. [`lazaret_protocol::mux`] describes the
//! bounds of the memory and the order of sending.

mod carry;
mod rest;
mod session;
mod shared;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use lazaret_protocol::{Decoder, Hello, VERSION};
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use self::rest::Rest;
pub use self::session::{Control, Events, Input, Session};
use self::shared::{Closed, Shared};
use crate::Error;

/// Number of bytes that are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// A channel to a guest after the greetings. Dropping it hangs up, upon which the guest ends its
/// commands; the handles of its sessions then report that the machine is gone.
#[derive(Debug)]
pub struct Channel {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Channel {
    /// Exchanges greetings with the agent at the other end of `stream`.
    ///
    /// An agent that has not noticed yet that its previous host left stays silent, or first sends
    /// frames that this host did not wait for. The caller should then hang up, pause, and connect
    /// again.
    ///
    /// # Errors
    /// [`Error::GuestSilent`] after `limit`, [`Error::GuestMismatch`] for a guest of another
    /// version, [`Error::Protocol`], [`Error::Channel`].
    pub async fn connect(stream: UnixStream, limit: Duration) -> Result<(Hello, Self), Error> {
        match timeout(limit, Self::greet(stream)).await {
            Ok(greeted) => greeted?.ok_or_else(|| Error::Channel {
                source: std::io::ErrorKind::UnexpectedEof.into(),
            }),
            Err(_) => Err(Error::GuestSilent {
                limit,
                stderr: String::new(),
                console: String::new(),
            }),
        }
    }

    /// Exchanges greetings with a guest; `None` when the stream ends before.
    pub(crate) async fn greet(mut stream: UnixStream) -> Result<Option<(Hello, Self)>, Error> {
        let mut decoder = Decoder::default();
        let Some(hello) = hear(&mut stream, &mut decoder).await? else {
            return Ok(None);
        };
        let channel = Self::answer(stream, decoder).await?;
        Ok(Some((hello, channel)))
    }

    /// The channel to a guest whose greeting was heard; `decoder` holds the bytes that followed it.
    pub(crate) async fn answer(mut stream: UnixStream, decoder: Decoder) -> Result<Self, Error> {
        let answer = Hello::new("").encode();
        stream
            .write_all(&answer)
            .await
            .map_err(|source| Error::Channel { source })?;
        let shared = Arc::new(Shared::default());
        let buffer = vec![0; PIECE_BYTES];
        let task = tokio::spawn(carry::run(shared.clone(), stream, decoder, buffer));
        Ok(Self { shared, task })
    }

    /// Opens a session beside the existing ones. A guest understands a
    /// [`Request`](lazaret_protocol::Request); its answer is its first event.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the request is too large, has no representation in JSON, or there are too many sessions.
    pub fn open(&self, request: &impl Serialize) -> Result<Session, Error> {
        let (number, changed) = self.shared.open(request)?;
        Ok(Session::new(number, self.shared.clone(), changed))
    }

    /// Has the guest stop all processes, so that the machine can be saved; afterwards nothing is on
    /// its way in either direction, until the value is dropped.
    ///
    /// # Errors
    /// [`Error::Restless`] when the guest does not do it within `limit`; [`Error::Protocol`] for too
    /// many sessions; those of the channel.
    pub async fn rest(&self, limit: Duration) -> Result<Rest, Error> {
        Rest::begin(&self.shared, limit).await
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.close(Closed::Ended);
    }
}

/// Waits for the greeting of a guest; `None` when the stream ends before.
pub(crate) async fn hear(
    stream: &mut UnixStream,
    decoder: &mut Decoder,
) -> Result<Option<Hello>, Error> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        if let Some(frame) = decoder.next_frame()? {
            return Hello::read(&frame).map(Some).map_err(mismatch);
        }
        match carry::read(stream, &mut buffer).await? {
            0 => return Ok(None),
            length => decoder.push(&buffer[..length]),
        }
    }
}

fn mismatch(error: lazaret_protocol::Error) -> Error {
    use lazaret_protocol::Error as Protocol;
    let reason = match error {
        Protocol::Version { peer } => format!("it speaks version {peer}, not {VERSION}"),
        Protocol::NoHello { kind } => format!("it opened with {kind:?}"),
        Protocol::Message { reason, .. } => format!("its hello is damaged: {reason}"),
        other => return other.into(),
    };
    Error::GuestMismatch { reason }
}
