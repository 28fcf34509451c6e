//! Serves one connection: chooses its protocol and answers its requests.
//!
//! ```text
//! plain address   HTTP/1.1
//! TLS address     first byte 0x16 --handshake--> ALPN h2 -> HTTP/2, else HTTP/1.1
//!                 a letter -> 400 in plain text: the client forgot the s of https
//! ```

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Observed};
use super::peer::Peer;
use super::shared::Shared;
use super::stall::Impatient;
use super::tls::Certificates;
use super::zero_copy::{Outgoing, Wire};

/// Size of the read buffer of an HTTP/1.1 connection, and so of the largest header, in bytes.
const BUFFER_BYTES: usize = 128 * 1024;
/// Largest number of header fields of one request.
const HEADER_FIELDS: usize = 100;
/// Largest number of concurrent streams of an HTTP/2 connection.
const STREAMS: u32 = 128;
/// Largest size of the header fields of one HTTP/2 request, in bytes.
const HEADER_LIST_BYTES: u32 = 64 * 1024;
/// Number of streams that a client may open and reset before they are handled; more end the
/// connection (CVE-2023-44487).
const RESET_STREAMS: usize = 32;
/// Number of streams that may be reset because the client broke the protocol (CVE-2025-8671).
const FAULTY_STREAMS: usize = 64;
/// Bytes that one stream may send ahead: enough for 1 GB/s at 1 ms and 20 MB/s at 50 ms.
const STREAM_WINDOW: u32 = 1 << 20;
/// Bytes that all streams of a connection may send ahead, which limits its memory.
const CONNECTION_WINDOW: u32 = 2 << 20;
/// Bytes of responses that are buffered for one stream.
const SEND_BUFFER: usize = 256 * 1024;
/// Size of an HTTP/2 frame, in bytes: large frames cost less to handle.
const FRAME_BYTES: u32 = 64 * 1024;
/// Time of silence after which a peer gets a ping.
const PING: Duration = Duration::from_secs(30);
/// First byte of a TLS handshake record.
const HANDSHAKE: u8 = 0x16;

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    watcher: Watcher,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, peer = %address, "no TCP_NODELAY");
    }
    let outcome = match &shared.certificates {
        None => {
            // Files go out without being copied.
            let outgoing = Outgoing::default();
            let stream = Wire::new(stream, outgoing.clone());
            http1(
                stream,
                Peer::plain(address),
                Some(outgoing),
                &shared,
                watcher,
            )
            .await
        }
        Some(certificates) => match handshake(stream, certificates, &shared).await {
            Ok(Some(stream)) => encrypted(stream, address, &shared, watcher).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        },
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, peer = %address, "connection ended");
    }
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Makes the encrypted stream; `None` for a client that does not speak TLS and was told so.
async fn handshake(
    stream: TcpStream,
    certificates: &Certificates,
    shared: &Shared,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let timeout = shared.limits().handshake;
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            return refuse_plain(stream, first[0]).await.map(|()| None);
        }
        let acceptor = TlsAcceptor::from(certificates.current());
        acceptor.accept(stream).await.map(Some)
    };
    tokio::time::timeout(timeout, handshake).await?
}

/// Responds in plain HTTP on an address that speaks TLS.
async fn refuse_plain(mut stream: TcpStream, first: u8) -> io::Result<()> {
    const BODY: &str = r#"{"errors":[{"code":"UNSUPPORTED","message":"this address speaks HTTPS, and the request is plain HTTP","detail":null}]}"#;
    if !first.is_ascii_uppercase() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing with unread bytes resets the connection, and the response may be lost.
    let mut request = [0; 4096];
    for _ in 0..16 {
        stream.readable().await?;
        match stream.try_read(&mut request) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn encrypted(
    stream: TlsStream<TcpStream>,
    address: SocketAddr,
    shared: &Arc<Shared>,
    watcher: Watcher,
) -> Outcome {
    let (_, session) = stream.get_ref();
    let is_h2 = session.alpn_protocol() == Some(b"h2");
    let certificate = session
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|certificate| certificate.to_vec());
    let peer = Peer {
        address,
        is_tls: true,
        certificate,
    };
    if is_h2 {
        http2(stream, peer, shared, watcher).await
    } else {
        http1(stream, peer, None, shared, watcher).await
    }
}

async fn http1<S>(
    stream: S,
    peer: Peer,
    outgoing: Option<Outgoing>,
    shared: &Arc<Shared>,
    watcher: Watcher,
) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = shared.limits();
    let stream = Impatient::new(stream, limits.pace, Arc::default());
    let peer = Arc::new(peer);
    let shared = Arc::clone(shared);
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Some(outgoing) = &outgoing {
            request.extensions_mut().insert(outgoing.clone());
        }
        let answer = (shared.handler)(request, Arc::clone(&peer));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    Ok(watcher.watch(connection).await?)
}

async fn http2<S>(stream: S, peer: Peer, shared: &Arc<Shared>, watcher: Watcher) -> Outcome
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = shared.limits();
    let activity = Arc::new(Activity::default());
    let stream = Impatient::new(stream, limits.pace, Arc::clone(&activity));
    let peer = Arc::new(peer);
    let shared = Arc::clone(shared);
    let of_requests = Arc::clone(&activity);
    let service = service_fn(move |request: Request<Incoming>| {
        let under_way = of_requests.begin();
        let answer = (shared.handler)(request, Arc::clone(&peer));
        async move {
            let (head, body) = answer.await.into_parts();
            let body = Observed::new(body, under_way);
            Ok::<_, Infallible>(Response::from_parts(head, body))
        }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST_BYTES)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .max_local_error_reset_streams(FAULTY_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_BYTES)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .serve_connection(TokioIo::new(stream), service);
    let connection = watcher.watch(connection);
    tokio::select! {
        outcome = connection => Ok(outcome?),
        why = activity.watch(limits.idle, limits.pace.silence) => {
            tracing::debug!(?why, "connection given up");
            Ok(())
        }
    }
}
