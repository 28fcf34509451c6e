//! The last part of `run`: connects this process's streams and signals with a workload's session.
//!
//! ```text
//! Events  -- Output, Errors --> carry ---> stdout, stderr, in order
//! Input   <-------------------- feed  <--- stdin, as fast as the workload reads
//! Control <-------------------- carry <--- SIGINT, SIGTERM, SIGHUP, SIGQUIT; a closed stdout
//! ```
//! It ends with the workload, with the machine, or at the third SIGINT. It knows no machine: the
//! holder of the machine ends it with the [`Ending`] that this module returns.

mod output;
mod signals;
mod stdin;

use lazaret_supervisor::{Ending, Event, Input, Session};

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
                    if !stdout.write(&bytes).await? {
                        control.signal(SIGPIPE);
                    }
                }
                Event::Errors(bytes) => {
                    stderr.write(&bytes).await?;
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
