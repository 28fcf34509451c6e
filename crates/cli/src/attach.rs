//! The last part of `run`: connects this process's streams and signals with a workload's session.
//!
//! ```text
//! Events  -- Output, Errors --> carry ---> stdout, stderr, in order
//! Input   <-------------------- feed  <--- stdin, as fast as the workload reads
//! Control <-------------------- carry <--- signals; a closed stdout
//! ```
//! It ends with the workload, with the machine, or when the user insists. It knows no machine:
//! whoever holds the machine ends it with the [`Ending`] that comes from here.

mod output;
mod signals;
mod stdin;

use lazaret_supervisor::{Control, Ending, Event, Input, Session};

pub(crate) use signals::Signals;
pub(crate) use stdin::is_ours as stdin_is_ours;

use crate::failure::Failure;
use output::Output;
use signals::Request;

/// The signal that a program gets when it writes to a pipe without a reader.
const SIGPIPE: u8 = 13;

/// Carries a session's streams and signals until it ends.
///
/// # Errors
/// When the machine ends before the workload has ended, or an output fails.
pub(crate) async fn carry(
    session: Session,
    forward_stdin: bool,
    signals: &mut Signals,
) -> Result<Ending, Failure> {
    let Session {
        input,
        mut events,
        control,
    } = session;
    let mut stdout = Output::new(tokio::io::stdout());
    let mut stderr = Output::new(tokio::io::stderr());
    let feeding = feed(input, forward_stdin);
    tokio::pin!(feeding);
    let mut is_fed = false;
    loop {
        tokio::select! {
            event = events.next() => match event? {
                Event::Output(bytes) => {
                    let writing = stdout.write(&bytes);
                    let Some(is_read) = meanwhile(writing, signals, &control).await else {
                        return Ok(Ending::Killed);
                    };
                    if !is_read? {
                        control.signal(SIGPIPE);
                    }
                }
                Event::Errors(bytes) => {
                    let writing = stderr.write(&bytes);
                    let Some(is_read) = meanwhile(writing, signals, &control).await else {
                        return Ok(Ending::Killed);
                    };
                    is_read?;
                }
                Event::Ended(ending) => return Ok(ending),
            },
            () = &mut feeding, if !is_fed => is_fed = true,
            request = signals.next() => match request {
                Request::Forward(signal) => control.signal(signal),
                Request::Abandon => return Ok(Ending::Killed),
            },
        }
    }
}

/// Waits for an output whose reader may be stuck, and handles signals meanwhile; `None` when the
/// user insists on an end.
async fn meanwhile<T>(
    writing: impl Future<Output = T>,
    signals: &mut Signals,
    control: &Control,
) -> Option<T> {
    tokio::pin!(writing);
    loop {
        tokio::select! {
            written = &mut writing => return Some(written),
            request = signals.next() => match request {
                Request::Forward(signal) => control.signal(signal),
                Request::Abandon => return None,
            },
        }
    }
}

/// Forwards standard input to the workload until its end.
async fn feed(mut input: Input, forward_stdin: bool) {
    if forward_stdin {
        let mut pieces = stdin::read();
        while let Some(piece) = pieces.recv().await {
            if !input.write(&piece).await {
                return;
            }
        }
    }
}
