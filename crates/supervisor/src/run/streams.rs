//! Carries a workload's streams between the terminal and the machine.
//!
//! ```text
//!            Stdout, Stderr            write, in order
//! receiver ------------------> carry ------------------> stdout, stderr
//!            StdinTaken           |
//!          <-- Stdin, Closed -----+---- stdin, while fewer than STDIN_WINDOW_BYTES are under way
//!          <-- Signal ------------+---- SIGINT, SIGTERM, SIGHUP, SIGQUIT; a closed stdout
//! ```
//! It ends at `Exit` or `Failure`, when the channel breaks, or at the third SIGINT.

use std::io::Read;

use lazaret_protocol::{Failure, Frame, Kind, Outcome, STDIN_WINDOW_BYTES};
use lazaret_vm::{Receiver, Sender};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::signals::{Request, Signals};
use crate::Error;

/// Bytes read from standard input at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Signal that a program gets for writing where nobody reads.
const SIGPIPE: u8 = 13;

/// How the conversation ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The workload ended.
    Exit(Outcome),
    /// The workload never started.
    Failure(Failure),
    /// The user insisted.
    Abandoned,
}

/// Runs the conversation to its end.
pub(super) async fn carry(
    mut sender: Sender,
    mut receiver: Receiver,
    forward_stdin: bool,
    signals: &mut Signals,
) -> Result<Ending, Error> {
    let mut stdout = Output::new(tokio::io::stdout());
    let mut stderr = Output::new(tokio::io::stderr());
    let mut stdin = if forward_stdin {
        Some(read_stdin())
    } else {
        None
    };
    if stdin.is_none() {
        sender.send(&Frame::empty(Kind::StdinClosed)).await?;
    }
    let mut under_way = 0usize;
    loop {
        let window_open = under_way < STDIN_WINDOW_BYTES;
        tokio::select! {
            frame = receiver.receive() => {
                let Some(frame) = frame? else { return Err(Error::ChannelClosed) };
                match frame.kind {
                    Kind::Stdout => {
                        if !stdout.write(&frame.payload).await? {
                            sender.send(&Frame { kind: Kind::Signal, payload: vec![SIGPIPE] }).await?;
                        }
                    }
                    Kind::Stderr => {
                        stderr.write(&frame.payload).await?;
                    }
                    Kind::StdinTaken => {
                        let taken = frame.as_count().ok_or(Error::GuestProtocol { kind: frame.kind })?;
                        under_way = under_way.saturating_sub(usize::try_from(taken).unwrap_or(usize::MAX));
                    }
                    Kind::Exit => return Ok(Ending::Exit(message(&frame)?)),
                    Kind::Failure => return Ok(Ending::Failure(message(&frame)?)),
                    Kind::Started => {}
                    kind => return Err(Error::GuestProtocol { kind }),
                }
            }
            piece = next(&mut stdin), if stdin.is_some() && window_open => {
                match piece {
                    Some(payload) => {
                        under_way += payload.len();
                        sender.send(&Frame { kind: Kind::Stdin, payload }).await?;
                    }
                    None => {
                        stdin = None;
                        sender.send(&Frame::empty(Kind::StdinClosed)).await?;
                    }
                }
            }
            request = signals.next() => match request {
                Request::Forward(signal) => {
                    sender.send(&Frame { kind: Kind::Signal, payload: vec![signal] }).await?;
                }
                Request::Abandon => return Ok(Ending::Abandoned),
            }
        }
    }
}

fn message<T: serde::de::DeserializeOwned>(frame: &Frame) -> Result<T, Error> {
    serde_json::from_slice(&frame.payload).map_err(|_| Error::GuestProtocol { kind: frame.kind })
}

async fn next(stdin: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match stdin {
        Some(pieces) => pieces.recv().await,
        None => None,
    }
}

/// Reads standard input on a thread of its own: a read of a terminal cannot be cancelled, so
/// the thread is left behind when the workload ends first.
fn read_stdin() -> mpsc::Receiver<Vec<u8>> {
    let (pieces, receiver) = mpsc::channel(2);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; PIECE_BYTES];
        // An error ends the input as an end does: there is nothing more to forward.
        while let Ok(length @ 1..) = stdin.read(&mut buffer) {
            if pieces.blocking_send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// An output that may be closed by its reader.
struct Output<W> {
    writer: W,
    closed: bool,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    fn new(writer: W) -> Self {
        Self {
            writer,
            closed: false,
        }
    }

    /// Writes and flushes; `false` when the reader is gone.
    async fn write(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        if self.closed {
            return Ok(false);
        }
        let outcome = match self.writer.write_all(bytes).await {
            Ok(()) => self.writer.flush().await,
            failed => failed,
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(false)
            }
            Err(source) => Err(Error::Io {
                action: "write the workload's output".to_owned(),
                source,
            }),
        }
    }
}
