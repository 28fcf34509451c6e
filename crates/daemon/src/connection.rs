//! Serves one connection, within its limits.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::UnixStream;

use crate::answer::failed;
use crate::dispatch;
use crate::fault::Fault;
use crate::shared::Shared;

/// Largest header of a request, in bytes.
const HEADER_BYTES: usize = 64 * 1024;
/// Largest number of header fields.
const HEADER_FIELDS: usize = 64;
/// Longest time for the header of a request to arrive, and between two requests.
const HEADER_WITHIN: Duration = Duration::from_secs(30);
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
    connection: close\r\n\r\n{\"error\":{\"kind\":\"other\",\"message\":\"there are too many connections\",\
    \"hint\":null}}";

/// Serves a connection to its end. When the daemon is to end, the connection does with its request.
pub(crate) async fn serve(stream: UnixStream, shared: Shared) {
    let is_allowed = is_allowed(&stream);
    let of_requests = shared.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = of_requests.clone();
        async move {
            let answer = match is_allowed {
                true => dispatch::answer(shared, request).await,
                false => failed(&forbidden()),
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WITHIN)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_FIELDS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stop() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// Tells a client that there is no room for its connection.
pub(crate) fn refuse(stream: &UnixStream) {
    // An empty socket has room for it.
    let _gone = stream.try_write(BUSY);
}

/// Whether the other side is this user or root; what is not is noted.
fn is_allowed(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if [own, 0].contains(&peer.uid()) => true,
        Ok(peer) => {
            tracing::warn!(
                uid = peer.uid(),
                pid = peer.pid(),
                "connection of another user refused"
            );
            false
        }
        Err(error) => {
            tracing::warn!(%error, "connection of an unknown user refused");
            false
        }
    }
}

fn forbidden() -> Fault {
    let message = "this daemon serves its own user, and root";
    Fault::new(StatusCode::FORBIDDEN, "auth", message)
}
