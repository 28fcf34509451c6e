//! Carries the streams of a session between a holder and a client.

use lazaret_supervisor::{
    Control, Ending, Error, Event, Events, Input, Session, TerminalSize, signal_number,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::frame::{Frame, frame, read};
use super::upgrade::Incoming;
use crate::answer::Outgoing;
use crate::fault::Fault;
use crate::shared::Shared;

/// What a client wants of the process.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Wish {
    Signal { signal: String },
    Size { rows: u16, columns: u16 },
}

/// Carries a session's streams until it ends, the client goes or the daemon ends. Then the session is
/// dropped, which ends a command. `showing` shows what the session itself does not give; the ending is
/// the last frame, after both.
pub(crate) async fn carry(
    shared: &Shared,
    showing: impl Future<Output = Result<(), Error>>,
    session: Session,
    takes_input: bool,
    outgoing: &Outgoing,
    incoming: Option<Incoming>,
) {
    let Session {
        input,
        events,
        control,
    } = session;
    let input = takes_input.then_some(input);
    let both = async { tokio::join!(showing, send(events, outgoing)) };
    let (shown, ended) = tokio::select! {
        both = both => both,
        () = feed(incoming, input, &control) => return,
        () = outgoing.gone() => return,
        () = shared.stop() => (Ok(()), Ok(None)),
    };
    let document = match (shown, ended) {
        (Ok(()), Ok(Some(ended))) => ending(&ended),
        (Ok(()), Ok(None)) => Fault::ending().describe(),
        (Err(error), _) | (_, Err(error)) => shared.fault(&error).describe(),
    };
    let last = frame(Frame::Ending, document.to_string().as_bytes());
    outgoing.send(last).await;
}

/// How a process has ended, as its last frame has it.
fn ending(ended: &Ending) -> Value {
    match ended {
        Ending::Failure(failure) => {
            let mut document = Fault::workload(failure).describe();
            document["exit_code"] = ended.status().into();
            document
        }
        ended => json!({ "exit_code": ended.status() }),
    }
}

/// Sends what comes from a session; returns its ending, or nothing when the client has gone.
async fn send(mut events: Events, outgoing: &Outgoing) -> Result<Option<Ending>, Error> {
    loop {
        let (kind, bytes) = match events.next().await? {
            Event::Started => continue,
            Event::Output(bytes) => (Frame::Output, bytes),
            Event::Errors(bytes) => (Frame::Errors, bytes),
            Event::Ended(ended) => return Ok(Some(ended)),
        };
        if !outgoing.send(frame(kind, &bytes)).await {
            return Ok(None);
        }
    }
}

/// Does what the client sends, until it goes or breaks the format. Without a client that sends, there
/// is no input, and this never resolves.
async fn feed(incoming: Option<Incoming>, mut input: Option<Input>, control: &Control) {
    let Some(mut incoming) = incoming else {
        drop(input);
        return std::future::pending().await;
    };
    while let Ok(Some((kind, payload))) = read(incoming.bytes()).await {
        match kind {
            Frame::Input if payload.is_empty() => input = None,
            Frame::Input => {
                let Some(open) = &mut input else {
                    continue;
                };
                // A process that reads nothing must not hide that the client has gone.
                let is_taken = tokio::select! {
                    is_taken = open.write(&payload) => is_taken,
                    () = incoming.hung_up() => return,
                };
                if !is_taken {
                    input = None;
                }
            }
            Frame::Control if !obey(&payload, control) => return,
            _ => {}
        }
    }
}

/// Does what a client wishes; returns whether it was understood.
fn obey(payload: &[u8], control: &Control) -> bool {
    match serde_json::from_slice(payload) {
        Ok(Wish::Signal { signal }) => match signal_number(&signal) {
            Some(number) => control.signal(number),
            None => return false,
        },
        Ok(Wish::Size { rows, columns }) => control.resize(TerminalSize { rows, columns }),
        Err(_) => return false,
    }
    true
}
