//! Opens connections: name lookup, reach check, TCP, TLS.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::failure::ConnectError;
use super::origin::Origin;
use super::reach::Reach;
use super::tls::Tls;

/// Head start of one address over the next (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);

/// Address of the other end, as an extension of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Opens connections to addresses within reach.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) tls: Arc<Tls>,
    pub(super) reach: Reach,
    pub(super) timeout: Duration,
}

impl Connector {
    async fn connect(self, uri: Uri) -> Result<Conn, ConnectError> {
        let origin =
            Origin::of(&uri).ok_or_else(|| ConnectError::Network("not an http URL".to_owned()))?;
        let work = async {
            let tcp = self.tcp(&origin).await?;
            let peer = Peer(
                tcp.peer_addr()
                    .map_err(|error| ConnectError::Network(error.to_string()))?,
            );
            let io: Box<dyn Io> = if origin.tls {
                Box::new(self.tls.handshake(&origin, tcp).await?)
            } else {
                Box::new(tcp)
            };
            Ok(Conn {
                io: TokioIo::new(io),
                peer,
            })
        };
        tokio::time::timeout(self.timeout, work)
            .await
            .unwrap_or(Err(ConnectError::TimedOut(self.timeout)))
    }

    async fn tcp(&self, origin: &Origin) -> Result<TcpStream, ConnectError> {
        let host = origin.host().trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, origin.port()))
            .await
            .map_err(|error| ConnectError::Network(format!("name lookup: {error}")))?
            .collect();
        if let Some(outside) = found.iter().find(|a| !self.reach.allows(a.ip())) {
            return Err(ConnectError::OutOfReach {
                host: host.to_owned(),
                address: outside.ip(),
            });
        }
        race(found).await
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

impl tower_service::Service<Uri> for Connector {
    type Response = Conn;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Conn, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection that knows its peer's address.
pub(super) struct Conn {
    io: TokioIo<Box<dyn Io>>,
    peer: Peer,
}

impl Connection for Conn {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.peer)
    }
}

impl hyper::rt::Read for Conn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Conn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        hyper::rt::Write::is_write_vectored(&self.io)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, buffers)
    }
}
