//! What a person is asked about the network of a machine.

use lazaret_egress::Answer;
use lazaret_protocol::{Ending, Outcome, Stream};
use lazaret_values::Chain;

use super::peer::Peer;
use crate::machines::network::Shared;
use crate::machines::question::AnswerScope;

/// Gives the requests that wait, as a JSON list in a line; with `follow` again after each change, until
/// the client has gone.
pub(super) async fn list(peer: &Peer, network: Option<&Shared>, follow: bool) {
    peer.started();
    let Some(network) = network else {
        peer.write(Stream::Output, b"[]\n").await;
        return peer.finish(&Ending::Exit(Outcome::Code(0)));
    };
    let mut changed = network.changes();
    loop {
        changed.mark_unchanged();
        let mut line = serde_json::to_vec(&network.questions()).unwrap_or_default();
        line.push(b'\n');
        if !peer.write(Stream::Output, &line).await || !follow {
            break;
        }
        tokio::select! {
            changed = changed.changed() => if changed.is_err() { break },
            () = peer.gone() => break,
        }
    }
    peer.finish(&Ending::Exit(Outcome::Code(0)));
}

/// Answers a request.
pub(super) fn answer(
    peer: &Peer,
    network: Option<&Shared>,
    question: u64,
    answer: Answer,
    scope: AnswerScope,
) {
    let Some(network) = network else {
        return peer.fail("the machine has no network".to_owned());
    };
    match network.answer(question, answer, scope) {
        Ok(_) => peer.finish(&Ending::Exit(Outcome::Code(0))),
        Err(error) => peer.fail(Chain(&error).to_string()),
    }
}
