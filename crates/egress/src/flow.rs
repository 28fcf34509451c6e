//! One connection of the guest, from its first byte to its last.

mod connection;
mod opening;
mod other;
mod pass;
mod refusal;
mod splice;
mod terminate;

use std::future::poll_fn;
use std::rc::Rc;

use lazaret_policy::{Access, RuleId};

use crate::ahead::Ahead;
use crate::context::Context;
use crate::desk::{Destination, Refusal};
use crate::dial::Dial;
use crate::http::Standing;
use crate::refuse::Fault;
use crate::side::GuestSide;

use connection::Connection;
use terminate::{Early, inspect};

/// Serves a connection of the guest until it ends.
///
/// Nothing of it is forwarded before it is known what is spoken, that the guest means the host that it
/// has connected to, and that the policy permits it.
pub async fn converse<G: GuestSide, D: Dial>(
    guest: G,
    destination: Destination,
    context: Rc<Context<D>>,
) {
    let connection = Connection {
        destination,
        context,
    };
    let desk = &connection.context.desk;
    let mut guest = Ahead::new(guest);
    match desk.access(&connection.destination) {
        Access::Deny(rule) => {
            let host = connection.destination.host();
            let reason = format!("the policy denies {host}");
            let fault = Fault::denied(Refusal { rule, reason }, &connection.destination);
            refusal::refuse(&connection, guest, fault).await;
        }
        Access::AskConnection(_) => {
            let permitted = tokio::select! {
                biased;
                permitted = desk.permit(&connection.destination, None) => permitted,
                () = poll_fn(|context| guest.poll_gone(context)) => return,
            };
            match permitted {
                Ok(rule) => {
                    let standing = Standing::Allowed(rule.clone());
                    pass(&connection, guest, rule, standing).await;
                }
                Err(refusal) => {
                    let fault = Fault::denied(refusal, &connection.destination);
                    refusal::refuse(&connection, guest, fault).await;
                }
            }
        }
        Access::Pass(rule) => pass(&connection, guest, rule, Standing::Open).await,
        Access::Inspect => inspect(&connection, guest, Standing::Open, Early::No).await,
    }
}

/// Lets a connection pass; where requests get credentials, they are looked into.
async fn pass<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    guest: Ahead<G>,
    rule: RuleId,
    standing: Standing,
) {
    if connection.has_credentials() {
        inspect(connection, guest, standing, Early::Yes(None)).await;
    } else {
        pass::pass(connection, guest, rule, standing).await;
    }
}

#[cfg(test)]
mod tests;
