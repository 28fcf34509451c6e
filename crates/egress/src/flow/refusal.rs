//! Connections that are refused as a whole: whoever speaks HTTP or TLS learns why.

use std::time::Duration;

use crate::ahead::Ahead;
use crate::authority::Offer;
use crate::dial::Dial;
use crate::http::{self, Standing};
use crate::refuse::{Fault, Kind};
use crate::side::GuestSide;
use crate::sniff::{Hello, Spoken};
use crate::tls;

use super::connection::Connection;
use super::opening;

/// How long a refused client may be silent: one that waits for the server to speak first is not told
/// more by waiting longer.
const SILENCE: Duration = Duration::from_secs(2);

/// Refuses a connection of which nothing was answered yet.
pub(super) async fn refuse<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    fault: Fault,
) {
    match opening::first(&mut guest, SILENCE).await {
        Ok(spoken) => refuse_spoken(connection, guest, spoken, fault).await,
        Err(_) => reset(connection, guest, &fault),
    }
}

/// Refuses a connection whose client speaks this.
pub(super) async fn refuse_spoken<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    spoken: Spoken,
    fault: Fault,
) {
    let version = match spoken {
        Spoken::Tls(hello) if connection.context.authority.is_some() => {
            return over_tls(connection, guest, &hello, fault).await;
        }
        Spoken::Tls(_) => {
            connection.refused("tls", &fault);
            return tls::refuse(&mut guest).await;
        }
        Spoken::Http1 => http::Spoken::One,
        Spoken::Http2 => http::Spoken::Two,
        Spoken::Other => return reset(connection, guest, &fault),
    };
    let peer = connection.plain();
    let upstream = connection.upstream(&peer, false);
    let exchange = connection.exchange(Standing::Refused(fault), upstream, peer);
    http::serve(Ahead::new(Box::new(guest)), version, exchange).await;
}

/// Resets a connection.
pub(super) fn reset<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    fault: &Fault,
) {
    connection.refused("tcp", fault);
    guest.get_mut().reset();
}

/// Answers in the name of the server that the client means, to tell it that it may not.
async fn over_tls<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    hello: &Hello,
    fault: Fault,
) {
    let name = match &hello.server_name {
        Some(name) => name.clone(),
        // It has connected to an address, and expects that.
        None => connection.destination.address.to_string(),
    };
    let authority = connection.context.authority.as_ref();
    let config = authority.map(|authority| authority.server(&name, Offer::Both));
    let Some(Ok(config)) = config else {
        connection.refused("tls", &fault);
        return tls::refuse(&mut guest).await;
    };
    let Ok(stream) = tls::accept(guest, config).await else {
        return connection.refused("tls", &fault);
    };
    let version = http::Spoken::negotiated(stream.get_ref().1.alpn_protocol());
    let peer = connection.plain();
    let upstream = connection.upstream(&peer, false);
    let exchange = connection.exchange(Standing::Refused(fault), upstream, peer);
    http::serve(Ahead::new(Box::new(stream)), version, exchange).await;
}

/// A server that cannot be reached.
pub(super) fn unreachable(refusal: crate::desk::Refusal) -> Fault {
    Fault {
        kind: Kind::Unreachable,
        refusal,
        hint: None,
    }
}
