//! Copies the bytes of a connection that may pass.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ahead::Ahead;
use crate::dial::Dial;
use crate::refuse::{Fault, Kind};
use crate::side::GuestSide;
use crate::sniff::{Hello, TELLING, asks_again};

use super::connection::Connection;
use super::opening::PATIENCE;
use super::refusal::reset;

/// The largest encrypted record with its header (RFC 8446, section 5.2).
const MAX_RECORD: usize = 5 + (1 << 14) + 256;

/// Copies both sides to each other until both have ended, or the policy denies it.
pub(super) async fn splice<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    protocol: &str,
    guest: Ahead<G>,
    mut upstream: TcpStream,
) {
    // Whether it can be set is not worth a failure.
    let _ = upstream.set_nodelay(true);
    let desk = &connection.context.desk;
    // What is dropped halfway is reset.
    let (guest, seen) = guest.into_parts();
    let copying = async {
        upstream.write_all(&seen).await?;
        drop(seen);
        guest.splice(upstream).await
    };
    let refusal = tokio::select! {
        copied = copying => {
            if let Err(error) = copied {
                tracing::debug!(%error, "a connection broke");
            }
            return;
        }
        refusal = desk.denied(&connection.destination, None) => refusal,
    };
    let fault = Fault {
        kind: Kind::Refused,
        refusal,
        hint: None,
    };
    connection.refused(protocol, &fault);
}

/// Copies TLS whose first message is for the right host. A server may ask for another first message,
/// which has to be for the same.
pub(super) async fn splice_tls<G: GuestSide, D: Dial>(
    connection: &Connection<D>,
    mut guest: Ahead<G>,
    mut upstream: TcpStream,
    hello: &Hello,
) {
    match agree(&mut guest, &mut upstream, hello).await {
        Ok(true) => splice(connection, "tls", guest, upstream).await,
        Ok(false) => {
            let reason =
                "the second ClientHello is not for the host of the first, or cannot be read";
            let fault = Fault::builtin(Kind::Refused, "sni-mismatch", reason);
            reset(connection, guest, &fault);
        }
        Err(_) => guest.get_mut().reset(),
    }
}

/// Copies until the server has taken a first message; whether it may go on.
async fn agree<G: GuestSide>(
    guest: &mut Ahead<G>,
    upstream: &mut TcpStream,
    hello: &Hello,
) -> io::Result<bool> {
    upstream.write_all(&guest.seen()[..hello.bytes]).await?;
    guest.consume(hello.bytes);
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let again = asks_again(&told);
        if again == Some(false) {
            return Ok(true);
        }
        match record(guest.seen()) {
            Record::Partial => {}
            Record::Opaque(bytes) => {
                upstream.write_all(&guest.seen()[..bytes]).await?;
                guest.consume(bytes);
                continue;
            }
            Record::Hello => match Hello::parse(guest.seen()) {
                Ok(None) => {}
                Ok(Some(second))
                    if second.server_name == hello.server_name && !second.encrypted =>
                {
                    upstream.write_all(&guest.seen()[..second.bytes]).await?;
                    guest.consume(second.bytes);
                    return Ok(true);
                }
                Ok(Some(_)) | Err(_) => return Ok(false),
            },
            Record::Else => return Ok(false),
        }
        let ended = guest.ended();
        let reading = async {
            tokio::select! {
                more = guest.more(), if !ended => more.map(|_| None),
                read = upstream.read(&mut piece) => read.map(Some),
            }
        };
        let read = timeout(PATIENCE, reading).await;
        let Some(count) = read.map_err(|_| io::ErrorKind::TimedOut)?? else {
            continue;
        };
        guest.write_all(&piece[..count]).await?;
        if count == 0 {
            // The rest is copied, and ends soon.
            return Ok(true);
        }
        told.extend_from_slice(&piece[..count.min(TELLING)]);
    }
}

/// What follows the first message.
enum Record {
    /// It is not whole.
    Partial,
    /// Something that is passed on unread.
    Opaque(usize),
    /// The start of another first message.
    Hello,
    /// Something that does not belong there.
    Else,
}

fn record(bytes: &[u8]) -> Record {
    let Some(&[kind, _, _, high, low]) = bytes.first_chunk() else {
        return Record::Partial;
    };
    let length = 5 + usize::from(u16::from_be_bytes([high, low]));
    match kind {
        22 => Record::Hello,
        20 | 21 | 23 if length > MAX_RECORD => Record::Else,
        20 | 21 | 23 if bytes.len() < length => Record::Partial,
        20 | 21 | 23 => Record::Opaque(length),
        _ => Record::Else,
    }
}
