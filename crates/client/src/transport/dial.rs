//! Looks names up and connects to their addresses.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::failure::ConnectError;
use super::origin::Origin;
use super::reach::Reach;

/// Head start of one address over the next (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);

/// Connects to the server of `origin`, all of whose addresses must be within reach.
pub(super) async fn dial(origin: &Origin, reach: Reach) -> Result<TcpStream, ConnectError> {
    race(lookup(origin, reach).await?).await
}

/// The addresses of a host, all of which must be within reach.
pub(super) async fn lookup(origin: &Origin, reach: Reach) -> Result<Vec<SocketAddr>, ConnectError> {
    let host = origin.bare_host();
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, origin.port()))
        .await
        .map_err(|error| ConnectError::Network(format!("name lookup: {error}")))?
        .collect();
    match found.iter().find(|a| !reach.allows(a.ip())) {
        Some(outside) => Err(ConnectError::OutOfReach {
            host: host.to_owned(),
            address: outside.ip(),
        }),
        None => Ok(found),
    }
}

/// Connects to the first address that answers; each has a head start over the next.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectError> {
    let mut rest = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut last = ConnectError::Network("the name has no address".to_owned());
    loop {
        if let Some(address) = rest.next() {
            running.push(async move {
                let stream = TcpStream::connect(address).await;
                stream.map_err(|error| ConnectError::Network(format!("{address}: {error}")))
            });
        } else if running.is_empty() {
            return Err(last);
        }
        let more = rest.len() > 0;
        tokio::select! {
            Some(result) = running.next() => match result {
                Ok(stream) => {
                    // If this fails, small writes are only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = error,
            },
            () = tokio::time::sleep(STAGGER), if more => {}
        }
    }
}
