//! Connects this process's streams, terminal and signals with a session of a machine.
//!
//! ```text
//! Events  -- Output, Errors --> carry ---> stdout, stderr, in order
//! Input   <-------------------- feed  <--- stdin, as fast as the command reads
//! Control <-------------------- carry <--- signals; a closed stdout; the size of the terminal
//! ```
//! It ends with the session, when the user insists on an end, or when the user detaches. It knows no
//! machine: the caller does with it what the [`Carried`] says.

mod keys;
mod output;
mod signals;
mod stdin;
mod terminal;

use std::future::pending;

use lazaret_supervisor::{Control, Ending, Event, Input, Outcome, Session};

pub(crate) use keys::DetachKeys;
pub(crate) use signals::Signals;
pub(crate) use stdin::{is_ours as stdin_is_ours, read as read_stdin};
pub(crate) use terminal::{Terminal, size};

use crate::failure::Failure;
use crate::printer::Printer;
use output::Output;
use signals::Request;

/// The signal that a program gets when it writes to a pipe without a reader.
const SIGPIPE: u8 = 13;
/// The signal that says that the terminal has another size.
const SIGWINCH: u8 = 28;

/// How this process takes part in a session.
pub(crate) struct Part {
    /// Whether standard input goes to the command.
    pub(crate) input: bool,
    /// The terminal of both sides, in raw mode.
    pub(crate) terminal: Option<Terminal>,
    /// The keys by which the user leaves the session; only for a terminal.
    pub(crate) keys: DetachKeys,
    /// Whether signals are forwarded to the command. Otherwise a demand for an end leaves the session.
    pub(crate) forwards: bool,
}

/// How a session was left.
#[derive(Debug)]
pub(crate) enum Carried {
    /// The command has ended, or could not be started.
    Ended(Ending),
    /// The user insists on an end, by this signal.
    Abandoned(u8),
    /// The user leaves it.
    Detached,
}

/// Says what led to an ending and cannot be seen from its status.
pub(crate) fn tell_of(outcome: Outcome, printer: Printer) {
    if matches!(outcome, Outcome::OutOfMemory(_)) {
        printer.warning("the machine had no more memory, and its kernel ended processes (`--mem`)");
    }
}

/// Carries a session's streams and signals until it ends or is left; calls `up` when the command
/// runs. Before that the first demand for an end is enough: there is no command that could handle it.
///
/// # Errors
/// When the holder of the machine goes before the session has ended, or an output fails.
pub(crate) async fn carry(
    session: Session,
    part: Part,
    signals: &mut Signals,
    up: impl FnOnce(),
) -> Result<Carried, Failure> {
    let Session {
        input,
        mut events,
        control,
    } = session;
    let mut stdout = Output::new(tokio::io::stdout());
    let mut stderr = Output::new(tokio::io::stderr());
    let Part {
        input: forward_stdin,
        mut terminal,
        keys,
        forwards,
    } = part;
    if let Some(size) = terminal.as_ref().and_then(|_| size()) {
        control.resize(size);
    }
    let keys = if terminal.is_some() {
        keys
    } else {
        DetachKeys::none()
    };
    let feeding = feed(input, forward_stdin, keys);
    tokio::pin!(feeding);
    let mut up = Some(up);
    loop {
        let carrying = async {
            match events.next().await? {
                Event::Output(bytes) => {
                    if let Some(terminal) = &mut terminal {
                        terminal.note(&bytes);
                    }
                    if !stdout.write(&bytes).await? {
                        control.signal(SIGPIPE);
                    }
                    Ok(None)
                }
                Event::Errors(bytes) => {
                    stderr.write(&bytes).await?;
                    Ok(None)
                }
                event => Ok::<_, Failure>(Some(event)),
            }
        };
        tokio::pin!(carrying);
        // An output whose reader is stuck keeps no signal from being handled.
        let event = loop {
            tokio::select! {
                event = &mut carrying => break event?,
                () = &mut feeding => return Ok(Carried::Detached),
                request = signals.next() => {
                    let is_starting = up.is_some();
                    let left = forward(request, forwards, is_starting, &control, signals);
                    if let Some(carried) = left {
                        return Ok(carried);
                    }
                }
            }
        };
        match event {
            None => {}
            Some(Event::Ended(ending)) => return Ok(Carried::Ended(ending)),
            Some(_) => {
                if let Some(up) = up.take() {
                    up();
                }
            }
        }
    }
}

/// Handles a signal; returns how the session is left, if it is.
fn forward(
    request: Request,
    forwards: bool,
    is_starting: bool,
    control: &Control,
    signals: &Signals,
) -> Option<Carried> {
    match request {
        Request::Forward(SIGWINCH) if size().is_some() => {
            if let Some(size) = size() {
                control.resize(size);
            }
            None
        }
        Request::Forward(signal) if is_starting && signals::is_demand(signal) => {
            Some(Carried::Abandoned(signal))
        }
        Request::Forward(signal) if forwards => {
            control.signal(signal);
            None
        }
        Request::Forward(signal) => signals::is_demand(signal).then_some(Carried::Detached),
        Request::Abandon => Some(Carried::Abandoned(signals.insisted())),
    }
}

/// Forwards standard input to the command until its end. Returns only when the user types the keys
/// to detach.
async fn feed(mut input: Input, forward_stdin: bool, mut keys: DetachKeys) {
    if forward_stdin {
        let mut pieces = stdin::read();
        while let Some(piece) = pieces.recv().await {
            let (bytes, leaves) = keys.take(&piece);
            let is_taken = input.write(&bytes).await;
            if leaves {
                return;
            }
            if !is_taken {
                break;
            }
        }
    }
    drop(input);
    pending::<()>().await;
}
