//! Connections whose requests are looked into.

use std::rc::Rc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::ahead::Ahead;
use crate::authority::Offer;
use crate::dial::Dial;
use crate::http::{self, Dialing, Standing, Upstream};
use crate::refuse::{Fault, Kind};
use crate::side::GuestSide;
use crate::sniff::{Hello, Spoken};
use crate::tls;

use super::connection::Connection;
use super::opening;
use super::other::other;
use super::refusal::{refuse_spoken, reset};

/// How long a client may be silent that has to speak first.
const SILENCE: Duration = Duration::from_secs(60);

/// How long the client waits for what the server offers, before it is offered everything.
const PREPARED: Duration = Duration::from_secs(3);

/// How the server of a terminated connection is reached.
pub(super) enum Early {
    /// When a request may pass.
    No,
    /// At once, over this connection if there is one already.
    Yes(Option<Dialing>),
}

/// Serves a connection whose requests are looked into. `early`: how the server is connected to where
/// its requests may pass anyway.
pub(super) async fn inspect<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    standing: Standing,
    early: Early,
) {
    let spoken = match opening::first(&mut guest, SILENCE).await {
        Ok(spoken) => spoken,
        Err(fault) => return reset(connection, guest, &fault),
    };
    match spoken {
        Spoken::Tls(hello) => {
            terminate(connection, guest, hello, standing, early).await;
        }
        Spoken::Http1 => plain(connection, guest, http::Spoken::One, standing, early).await,
        Spoken::Http2 => plain(connection, guest, http::Spoken::Two, standing, early).await,
        Spoken::Other => {
            let permitted = match standing {
                Standing::Allowed(rule) => Ok(rule),
                _ => {
                    connection
                        .context
                        .desk
                        .permit(&connection.destination, None)
                        .await
                }
            };
            match permitted {
                Ok(rule) => other(connection, guest, rule).await,
                Err(refusal) => {
                    let mut fault = Fault::denied(refusal, &connection.destination);
                    if fault.refusal.rule.0 == "builtin:not-http" {
                        fault.refusal.reason =
                            "the policy decides on requests, and this is not HTTP".to_owned();
                    }
                    reset(connection, guest, &fault);
                }
            }
        }
    }
}

/// Serves requests without TLS.
pub(super) async fn plain<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    guest: Ahead<G>,
    spoken: http::Spoken,
    standing: Standing,
    early: Early,
) {
    let peer = connection.plain();
    let upstream = connection.upstream(&peer, spoken == http::Spoken::Two);
    if let Early::Yes(dialing) = early {
        prepare(&upstream, dialing);
    }
    let exchange = connection.exchange(standing, upstream, peer);
    http::serve(Ahead::new(Box::new(guest)), spoken, exchange).await;
}

/// Answers in the name of the server and serves the requests inside.
pub(super) async fn terminate<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    hello: Hello,
    standing: Standing,
    early: Early,
) {
    let refuse = |guest, hello, fault| refuse_spoken(connection, guest, Spoken::Tls(hello), fault);
    let name = match connection.server_name(&hello) {
        Ok(name) => name,
        Err(fault) => return refuse(guest, hello, fault).await,
    };
    let Some(authority) = &connection.context.authority else {
        let reason = "its requests have to be looked into, and TLS is not terminated in this run";
        let fault = Fault::builtin(Kind::Refused, "no-authority", reason);
        return refuse(guest, hello, fault).await;
    };
    let verified = match ServerName::try_from(name.clone()) {
        Ok(verified) => verified,
        Err(_) => {
            let fault = Fault::builtin(Kind::Malformed, "malformed", "the name is no host name");
            return refuse(guest, hello, fault).await;
        }
    };
    let peer = connection.secure(verified);
    let upstream = connection.upstream(&peer, false);
    let offer = offer(connection, &upstream, early).await;
    let accepted = match authority.server(&name, offer) {
        Ok(config) => tls::accept(guest, config).await,
        Err(error) => {
            let reason = lazaret_values::Chain(&error).to_string();
            let fault = Fault::builtin(Kind::Refused, "authority", reason);
            connection.refused("tls", &fault);
            return guest.get_mut().reset();
        }
    };
    let stream = match accepted {
        Ok(stream) => stream,
        Err(reason) => {
            let fault = Fault::builtin(Kind::Refused, "handshake", reason);
            return connection.refused("tls", &fault);
        }
    };
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let mut spoken = http::Spoken::negotiated(protocol.as_deref());
    let mut stream = Ahead::new(Box::new(stream) as Box<dyn http::Stream>);
    if protocol.is_none() {
        // Nothing was agreed on: it may be anything.
        spoken = match opening::first(&mut stream, SILENCE).await {
            Ok(Spoken::Http1) => http::Spoken::One,
            Ok(Spoken::Http2) => http::Spoken::Two,
            Ok(_) => {
                let reason = "what is inside TLS is not HTTP, so that it cannot be looked into";
                let fault = Fault::builtin(Kind::Refused, "not-http", reason);
                return connection.refused("tls", &fault);
            }
            Err(fault) => return connection.refused("tls", &fault),
        };
    }
    let exchange = connection.exchange(standing, upstream, peer);
    http::serve(stream, spoken, exchange).await;
}

/// What the client is offered: what the server has.
async fn offer<D: Dial>(
    connection: &Connection<D>,
    upstream: &Rc<Upstream<D>>,
    early: Early,
) -> Offer {
    let known = connection.context.offer(&connection.destination);
    let Early::Yes(dialing) = early else {
        return known.unwrap_or(Offer::Both);
    };
    let preparing = prepare(upstream, dialing);
    if let Some(known) = known {
        return known;
    }
    // Each request tells the client why the server cannot be reached.
    match timeout(PREPARED, preparing).await {
        Ok(Ok(Ok(offer))) => offer,
        _ => Offer::Both,
    }
}

/// Connects to the server while the guest is still on its way.
fn prepare<D: Dial>(
    upstream: &Rc<Upstream<D>>,
    dialing: Option<Dialing>,
) -> JoinHandle<Result<Offer, Fault>> {
    let upstream = Rc::clone(upstream);
    // Now, and not when the task runs.
    let turn = upstream.turn();
    tokio::task::spawn_local(async move { upstream.prepare(dialing, turn).await })
}
