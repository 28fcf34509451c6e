//! Carries sessions between a client and the guest.

use std::time::Duration;

use lazaret_protocol::mux::Event;
use lazaret_protocol::{Ending as Answer, Outcome, Stream};
use lazaret_values::Chain;
use lazaret_vm::Session;
use tokio::sync::Notify;

use super::peer::{Act, Peer};

const SIGHUP: u8 = 1;
const SIGKILL: u8 = 9;
/// Time for a command to end after its client has gone.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Carries a command's streams and signals between client and guest until it ends.
pub(super) async fn bridge(peer: &Peer, session: Session) {
    let Session {
        mut input,
        mut events,
        control,
    } = session;
    let feeding = async move {
        while let Some(bytes) = peer.read().await {
            if !input.write(&bytes).await {
                break;
            }
        }
        drop(input);
        std::future::pending::<()>().await;
    };
    let acting = async {
        loop {
            match peer.act().await {
                Act::Signal(number) => control.signal(number),
                Act::Resize(size) => control.resize(size),
                Act::Gone => return,
            }
        }
    };
    let telling = async {
        loop {
            match events.next().await {
                Ok(Some(Event::Started)) => peer.started(),
                Ok(Some(Event::Output(bytes))) => {
                    peer.write(Stream::Output, &bytes).await;
                }
                Ok(Some(Event::Errors(bytes))) => {
                    peer.write(Stream::Errors, &bytes).await;
                }
                Ok(Some(Event::Ended(ending))) => return peer.finish(&ending),
                Ok(None) => return peer.fail("the machine ended".to_owned()),
                Err(error) => return peer.fail(Chain(&error).to_string()),
            }
        }
    };
    tokio::pin!(telling);
    tokio::select! {
        () = &mut telling => {}
        () = feeding => {}
        () = acting => {
            // Nobody reads any more: the command is asked to end, then made to.
            control.signal(SIGHUP);
            if tokio::time::timeout(ENDS_WITHIN, telling).await.is_err() {
                control.signal(SIGKILL);
            }
        }
    }
}

/// Lets a command run for which nobody waits.
pub(super) async fn leave_alone(peer: &Peer, session: Session) {
    let Session {
        input, mut events, ..
    } = session;
    drop(input);
    match events.next().await {
        Ok(Some(Event::Started)) => peer.finish(&Answer::Exit(Outcome::Code(0))),
        Ok(Some(Event::Ended(ending))) => peer.finish(&ending),
        Ok(Some(_) | None) => peer.fail("the machine ended".to_owned()),
        Err(error) => peer.fail(Chain(&error).to_string()),
    }
}

/// Holds the writes of a guest back, in a session that was opened for it, for as long as the client
/// wants and `let_go` does not insist: a process that waits to write cannot end.
pub(super) async fn freeze(peer: &Peer, session: Session, let_go: &Notify) {
    let control = session.control.clone();
    tokio::select! {
        () = bridge(peer, session) => {}
        () = let_go.notified() => {
            control.signal(SIGKILL);
            peer.fail("the machine is about to end".to_owned());
        }
    }
}
