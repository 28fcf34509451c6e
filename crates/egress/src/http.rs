//! HTTP between the guest and a server: every request is decided, gets its credentials and goes on.
//!
//! ```text
//! guest -- hyper, strict --> Exchange: Peer (for whom?) -> inject (what credential?) -> Desk (may it?)
//!                                                  -> Upstream (HTTP/1 or 2, verified) --> server
//! ```
//! Messages are parsed and written anew, so that both sides see the same requests. Bodies are passed on
//! as they come and are never kept.

mod asked;
mod body;
mod drain;
mod exchange;
mod fields;
mod outgoing;
mod peer;
mod stream;
mod upstream;
mod write;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;

use crate::ahead::Ahead;
use crate::dial::Dial;

use exchange::Switched;
pub(crate) use exchange::{Exchange, Standing};
pub(crate) use peer::Peer;
pub(crate) use stream::Stream;
pub(crate) use upstream::{Dialing, Upstream};

use stream::{Local, Watched};
use upstream::{CONNECTION_WINDOW, MAX_BUFFER, WINDOW};

/// The longest time for the head of a request, and between two requests.
const HEAD: Duration = Duration::from_secs(60);

/// The most requests at once over one connection with HTTP/2.
const MOST_STREAMS: u32 = 100;

/// Bytes of the headers of a request over HTTP/2.
const MAX_HEADERS: u32 = 64 * 1024;

/// Bytes of one direction that wait after a switch of protocols.
const TUNNEL: usize = 16 * 1024;

/// The version of a guest's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// HTTP/1.
    One,
    /// HTTP/2.
    Two,
}

impl Spoken {
    /// What both sides of TLS have agreed on.
    pub(crate) fn negotiated(protocol: Option<&[u8]>) -> Self {
        match protocol {
            Some(b"h2") => Self::Two,
            _ => Self::One,
        }
    }
}

/// Answers the requests of a connection until it ends.
pub(crate) async fn serve<D: Dial>(
    stream: Ahead<Box<dyn Stream>>,
    spoken: Spoken,
    exchange: Rc<Exchange<D>>,
) {
    match spoken {
        Spoken::One => one(stream, exchange).await,
        Spoken::Two => two(stream, exchange).await,
    }
}

async fn one<D: Dial>(stream: Ahead<Box<dyn Stream>>, exchange: Rc<Exchange<D>>) {
    let stream = Watched::new(stream);
    let watch = stream.watch();
    let switched: Rc<RefCell<Option<Switched>>> = Rc::default();
    let service = service_fn(|request| {
        let (exchange, watch) = (Rc::clone(&exchange), watch.clone());
        let switched = Rc::clone(&switched);
        async move { exchange.answer(request, Some(&watch), &switched).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .preserve_header_case(true)
        .max_buf_size(MAX_BUFFER)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    let left = connection.without_shutdown().await;
    let switched = switched.take();
    match left {
        Ok(parts) => {
            let mut guest = Ahead::with(parts.io.into_inner(), parts.read_buf.into());
            match switched {
                Some(switched) => tunnel(&mut guest, switched, &exchange).await,
                // The guest may have gone.
                None => drop(guest.shutdown().await),
            }
        }
        Err(error) => tracing::debug!(%error, "a connection over HTTP/1 ended"),
    }
}

async fn two<D: Dial>(stream: Ahead<Box<dyn Stream>>, exchange: Rc<Exchange<D>>) {
    let service = service_fn(move |request| {
        let exchange = Rc::clone(&exchange);
        async move { exchange.answer(request, None, &RefCell::default()).await }
    });
    let connection = http2::Builder::new(Local)
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection over HTTP/2 ended");
    }
}

/// Copies both sides to each other after they have left HTTP.
async fn tunnel<D: Dial>(guest: &mut Ahead<Watched>, switched: Switched, exchange: &Exchange<D>) {
    let Switched { left, asked } = switched;
    let mut upstream = Ahead::with(left.io.into_inner(), left.read_buf.into());
    let copying = tokio::io::copy_bidirectional_with_sizes(guest, &mut upstream, TUNNEL, TUNNEL);
    tokio::select! {
        copied = copying => if let Err(error) = copied {
            tracing::debug!(%error, "a switched connection ended");
        },
        () = exchange.denied(&asked) => {}
    }
}
