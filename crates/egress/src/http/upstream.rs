//! Connections to the server that a guest's connection is with.
//!
//! They belong to that one connection of the guest, and are made when its first request may pass.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::authority::Offer;
use crate::context::Context;
use crate::desk::Refusal;
use crate::dial::Dial;
use crate::refuse::{Fault, Kind};
use crate::tls;

use super::outgoing::Outgoing;
use super::peer::Peer;
use super::stream::{Local, Stream};

/// Bytes of a head over HTTP/1, and of what is read at once.
pub(super) const MAX_BUFFER: usize = 128 * 1024;

/// Bytes that wait to be sent or read, for each request over HTTP/2.
pub(super) const WINDOW: u32 = 256 * 1024;

/// Bytes that wait to be read over one connection with HTTP/2.
pub(super) const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// The most connections that are kept for a later request.
const MOST_IDLE: usize = 8;

/// How long a connection may take to be ready for the next request.
const READY: Duration = Duration::from_millis(500);

/// The stream of a connection that HTTP has left, with what was read of it.
pub(super) type Left = http1::Parts<TokioIo<Box<dyn Stream>>>;

/// A connection for one request at a time.
#[derive(Debug)]
pub(super) struct One {
    sender: http1::SendRequest<Outgoing>,
    left: oneshot::Receiver<Left>,
}

/// A connection that takes a request.
#[derive(Debug)]
pub(super) enum Line {
    /// HTTP/1; whether it has taken one before.
    One(One, bool),
    /// HTTP/2.
    Two(http2::SendRequest<Outgoing>),
}

/// The turn to connect.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// A connection that is being made.
pub(crate) type Dialing = Pin<Box<dyn Future<Output = Result<TcpStream, Refusal>>>>;

/// A request that was not sent, and can be sent again.
pub(super) struct Unsent(pub(super) Request<Outgoing>);

/// The connections.
#[derive(Debug)]
pub(crate) struct Upstream<D> {
    context: Rc<Context<D>>,
    peer: Peer,
    /// Whether HTTP/2 without TLS is spoken, which cannot be negotiated.
    prior: bool,
    /// One at a time, as long as the first one could be shared.
    opening: Arc<Mutex<()>>,
    /// Whether the server speaks only HTTP/1.
    single: Cell<bool>,
    idle: RefCell<Vec<One>>,
    shared: RefCell<Option<http2::SendRequest<Outgoing>>>,
}

impl<D: Dial> Upstream<D> {
    /// No connections yet.
    pub(crate) fn new(context: Rc<Context<D>>, peer: Peer, prior: bool) -> Self {
        Self {
            context,
            peer,
            prior,
            opening: Arc::default(),
            single: Cell::new(false),
            idle: RefCell::default(),
            shared: RefCell::default(),
        }
    }

    /// The turn to connect, if nobody else does: a request that comes from now on waits for this
    /// connection.
    pub(crate) fn turn(&self) -> Option<Turn> {
        Arc::clone(&self.opening).try_lock_owned().ok()
    }

    /// Connects before there is a request, and keeps the connection; what the server speaks. `dialing`
    /// is the connection, if it is made already.
    ///
    /// # Errors
    /// The server cannot be reached, or is not the one that it should be.
    pub(crate) async fn prepare(
        &self,
        dialing: Option<Dialing>,
        turn: Option<Turn>,
    ) -> Result<Offer, Fault> {
        let _turn = match turn {
            Some(turn) => turn,
            None => Arc::clone(&self.opening).lock_owned().await,
        };
        match self.open(Offer::Both, dialing).await? {
            Line::One(one, _) => {
                self.single.set(true);
                self.keep(one);
                Ok(Offer::One)
            }
            Line::Two(sender) => {
                *self.shared.borrow_mut() = Some(sender);
                Ok(Offer::Both)
            }
        }
    }

    /// A connection for a request.
    ///
    /// # Errors
    /// The server cannot be reached, or is not the one that it should be.
    pub(super) async fn line(&self, offer: Offer) -> Result<Line, Fault> {
        if let Some(line) = self.kept(offer).await {
            return Ok(line);
        }
        if self.single.get() {
            return self.open(offer, None).await;
        }
        let _opening = self.opening.lock().await;
        if let Some(line) = self.kept(offer).await {
            return Ok(line);
        }
        let line = self.open(offer, None).await?;
        match &line {
            Line::One(..) if offer == Offer::Both => self.single.set(true),
            Line::One(..) => {}
            Line::Two(sender) => *self.shared.borrow_mut() = Some(sender.clone()),
        }
        Ok(line)
    }

    /// Keeps a connection whose request is answered.
    pub(super) fn keep(&self, one: One) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MOST_IDLE {
            idle.push(one);
        }
    }

    /// A connection that was kept and still takes a request.
    async fn kept(&self, offer: Offer) -> Option<Line> {
        if offer == Offer::Both {
            let mut shared = self.shared.borrow_mut();
            if shared.as_ref().is_some_and(http2::SendRequest::is_closed) {
                *shared = None;
            }
            if let Some(sender) = &*shared {
                return Some(Line::Two(sender.clone()));
            }
        }
        loop {
            let mut one = self.idle.borrow_mut().pop()?;
            if matches!(timeout(READY, one.sender.ready()).await, Ok(Ok(()))) {
                return Some(Line::One(one, true));
            }
        }
    }

    async fn open(&self, offer: Offer, dialing: Option<Dialing>) -> Result<Line, Fault> {
        let destination = &self.peer.destination;
        let permit = self.context.server_permit().await.ok_or_else(crowded)?;
        let dialed = match dialing {
            Some(dialing) => dialing.await,
            None => self.context.dialer.dial(destination).await,
        };
        let tcp = dialed.map_err(|refusal| Fault {
            kind: Kind::Unreachable,
            refusal,
            hint: None,
        })?;
        // Whether it can be set is not worth a failure.
        let _ = tcp.set_nodelay(true);
        let Some(name) = self.peer.secure.clone() else {
            let stream = Box::new(tcp);
            return if self.prior {
                self.two(stream, permit).await
            } else {
                self.one(stream, permit).await
            };
        };
        let tls = tls::connect(tcp, self.context.tls(), name, offer)
            .await
            .map_err(unverified)?;
        let two = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        if offer == Offer::Both {
            let chosen = if two { Offer::Both } else { Offer::One };
            self.context.learn(destination, chosen);
        }
        let stream = Box::new(tls);
        if two {
            self.two(stream, permit).await
        } else {
            self.one(stream, permit).await
        }
    }

    async fn one(
        &self,
        stream: Box<dyn Stream>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Line, Fault> {
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .max_buf_size(MAX_BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        let (leave, left) = oneshot::channel();
        tokio::task::spawn_local(async move {
            let _permit = permit;
            if let Ok(parts) = connection.without_shutdown().await {
                // Nobody wants the rest, unless both sides speak something else now.
                let _ = leave.send(parts);
            }
        });
        Ok(Line::One(One { sender, left }, false))
    }

    async fn two(
        &self,
        stream: Box<dyn Stream>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Line, Fault> {
        let (sender, connection) = http2::Builder::new(Local)
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(WINDOW as usize)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        tokio::task::spawn_local(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection over HTTP/2 ended");
            }
        });
        Ok(Line::Two(sender))
    }
}

impl Line {
    /// Sends a request.
    ///
    /// # Errors
    /// The request, where nothing of it was sent over a connection that had been kept; a [`Fault`]
    /// otherwise.
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Result<Response<Incoming>, Unsent>, Fault> {
        let (mut error, again) = match self {
            Self::One(one, used) => match one.sender.try_send_request(request).await {
                Ok(response) => return Ok(Ok(response)),
                Err(error) => (error, *used),
            },
            Self::Two(sender) => match sender.try_send_request(request).await {
                Ok(response) => return Ok(Ok(response)),
                Err(error) => (error, true),
            },
        };
        match error.take_message() {
            Some(request) if again => Ok(Err(Unsent(request))),
            _ => Err(broken(error.error())),
        }
    }
}

impl One {
    /// The stream, after a response that leaves HTTP.
    pub(super) async fn leave(self) -> Option<Left> {
        self.left.await.ok()
    }
}

fn crowded() -> Fault {
    let reason = "this machine has too many connections to servers";
    Fault::builtin(Kind::Unreachable, "connections", reason)
}

fn unverified(reason: String) -> Fault {
    Fault::builtin(Kind::Unreachable, "upstream-tls", reason)
}

fn broken(error: &hyper::Error) -> Fault {
    let error = lazaret_values::Chain(error).to_string();
    let reason = format!(
        "the server does not answer: {}",
        lazaret_values::Printable::excerpt(&error)
    );
    Fault::builtin(Kind::Unreachable, "upstream", reason)
}
