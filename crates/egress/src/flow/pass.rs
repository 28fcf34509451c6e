//! Connections all of which may pass: only what the guest says first is looked at.

use std::io;
use std::rc::Rc;

use lazaret_policy::RuleId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use crate::ahead::Ahead;
use crate::dial::Dial;
use crate::http::{self, Dialing, Standing};
use crate::refuse::{Fault, Kind};
use crate::side::GuestSide;
use crate::sniff::Spoken;

use super::connection::Connection;
use super::opening::{self, PATIENCE};
use super::refusal::{refuse, refuse_spoken, reset, unreachable};
use super::splice::{splice, splice_tls};
use super::terminate::{Early, plain, terminate};

/// The server's side, as long as it is not known what the guest speaks.
struct Server {
    stream: Option<TcpStream>,
    /// Bytes that the guest has not been given yet.
    held: Vec<u8>,
    /// Whether the guest was given any.
    spoke: bool,
}

/// Lets a connection pass. The server is connected to at once, because it may be the one who speaks
/// first.
pub(super) async fn pass<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    rule: RuleId,
    standing: Standing,
) {
    let mut dialing = dial(connection);
    let mut server = Server {
        stream: None,
        held: Vec::new(),
        spoke: false,
    };
    let mut since = None;
    let spoken = loop {
        match opening::known(&guest) {
            Ok(Some(spoken)) => break spoken,
            Ok(None) => {}
            Err(fault) => return reset(connection, guest, &fault),
        }
        if !guest.seen().is_empty() {
            since.get_or_insert_with(Instant::now);
        }
        let deadline = since.map(|since| since + PATIENCE);
        let connected = server.stream.is_some();
        tokio::select! {
            more = guest.more() => if more.is_err() {
                return;
            },
            dialed = &mut dialing, if !connected => match dialed {
                Ok(stream) => server.stream = Some(stream),
                Err(refusal) => return refuse(connection, guest, unreachable(refusal)).await,
            },
            read = server.read(), if connected => match read {
                Ok(true) if server.may_be_http2() => {}
                Ok(true) => if server.tell(&mut guest).await.is_err() {
                    return guest.get_mut().reset();
                },
                Ok(false) => return ended(server, guest).await,
                Err(_) => return guest.get_mut().reset(),
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                return reset(connection, guest, &opening::slow());
            },
        }
    };
    let version = match &spoken {
        Spoken::Http1 => Some(http::Spoken::One),
        Spoken::Http2 => Some(http::Spoken::Two),
        Spoken::Tls(_) | Spoken::Other => None,
    };
    // HTTP is spoken anew with the server, over a connection over which nothing was said.
    let ready = |server: Server, dialing| match server.stream {
        None => Some(dialing),
        Some(_) if server.spoke || !server.held.is_empty() => None,
        Some(stream) => Some(Box::pin(std::future::ready(Ok(stream))) as Dialing),
    };
    if let Some(version) = version {
        let early = Early::Yes(ready(server, dialing));
        return plain(connection, guest, version, standing, early).await;
    }
    if let Spoken::Tls(hello) = &spoken {
        if hello.encrypted && connection.context.authority.is_some() {
            // What is hidden could name another host, and looks the same where nothing is hidden.
            let early = Early::Yes(ready(server, dialing));
            return terminate(connection, guest, hello.clone(), standing, early).await;
        }
        let fault = match connection.server_name(hello) {
            Ok(_) if hello.encrypted => Some(hidden()),
            Ok(_) => None,
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            return refuse_spoken(connection, guest, spoken, fault).await;
        }
    }
    if server.stream.is_none() {
        match dialing.await {
            Ok(stream) => server.stream = Some(stream),
            Err(refusal) => {
                return refuse_spoken(connection, guest, spoken, unreachable(refusal)).await;
            }
        }
    }
    if server.tell(&mut guest).await.is_err() {
        return guest.get_mut().reset();
    }
    let Some(upstream) = server.stream else {
        return;
    };
    match spoken {
        Spoken::Tls(hello) => {
            connection.passed("tls", rule);
            splice_tls(connection, guest, upstream, &hello).await;
        }
        _ => {
            connection.passed("tcp", rule);
            splice(connection, "tcp", guest, upstream).await;
        }
    }
}

/// Begins to connect to the server.
fn dial<D: Dial>(connection: &Connection<D>) -> Dialing {
    let context = Rc::clone(&connection.context);
    let destination = connection.destination.clone();
    Box::pin(async move { context.dialer.dial(&destination).await })
}

impl Server {
    /// Reads what the server says first; whether there was any.
    async fn read(&mut self) -> io::Result<bool> {
        let mut piece = [0; 4096];
        let count = match &mut self.stream {
            Some(stream) => stream.read(&mut piece).await?,
            None => std::future::pending().await,
        };
        self.held.extend_from_slice(&piece[..count]);
        Ok(count > 0)
    }

    /// Gives the guest what was read.
    async fn tell<G: GuestSide>(&mut self, guest: &mut Ahead<G>) -> io::Result<()> {
        self.spoke |= !self.held.is_empty();
        guest.write_all(&std::mem::take(&mut self.held)).await?;
        guest.flush().await
    }

    /// Whether all that the server has said is the first frame of HTTP/2 (RFC 9113, section 3.4), which
    /// some send without waiting. The guest is about to speak HTTP/2 as well, and then gets ours.
    fn may_be_http2(&self) -> bool {
        let frame = [self.held.get(3..9), Some(&[4, 0, 0, 0, 0, 0])];
        self.held.len() < 4096 && frame[0] == frame[1]
    }
}

/// Ends a connection whose server has ended it before the client has said anything.
async fn ended<G: GuestSide>(mut server: Server, mut guest: Ahead<G>) {
    let draining = async {
        server.tell(&mut guest).await?;
        guest.shutdown().await?;
        let mut piece = [0; 4096];
        while guest.read(&mut piece).await? > 0 {}
        io::Result::Ok(())
    };
    if !matches!(timeout(PATIENCE, draining).await, Ok(Ok(()))) {
        guest.get_mut().reset();
    }
}

fn hidden() -> Fault {
    let reason = "TLS with an encrypted ClientHello (ECH) could be for another host, and TLS is not \
                  terminated in this run";
    Fault::builtin(Kind::Refused, "ech", reason)
}
