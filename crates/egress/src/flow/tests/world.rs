//! A guest, a boundary and a world.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use lazaret_net::{Roots, client_config};
use lazaret_policy::{Document, Layer, Rule, RuleId, Verdict};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::desk::{Desk, Destination, Refusal};
use crate::message::{
    Answer, AskRecord, CredentialAnswer, DecisionRecord, FromBoundary, Integration, ToBoundary,
};
use crate::{Authority, Context, Dial, GuestSide, converse};

use super::server::WorldAuthority;

/// Runs a test on one thread with local tasks.
pub(super) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let limited = tokio::time::timeout(Duration::from_secs(60), test);
        limited.await.unwrap();
    });
}

/// The guest's end, as the boundary has it.
struct Side {
    stream: DuplexStream,
    reset: Rc<Cell<bool>>,
}

impl GuestSide for Side {
    fn reset(&mut self) {
        self.reset.set(true);
    }

    async fn splice(mut self, mut world: TcpStream) -> io::Result<()> {
        // What is dropped halfway is reset.
        self.reset.set(true);
        tokio::io::copy_bidirectional(&mut self, &mut world).await?;
        self.reset.set(false);
        Ok(())
    }
}

impl AsyncRead for Side {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Side {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

/// Hosts of the world, on loopback.
#[derive(Default)]
pub(super) struct Dialer {
    hosts: Rc<RefCell<HashMap<String, SocketAddr>>>,
    dials: Rc<Cell<usize>>,
}

impl Dial for Dialer {
    async fn dial(&self, destination: &Destination) -> Result<TcpStream, Refusal> {
        self.dials.set(self.dials.get() + 1);
        let host = destination.host();
        let address = self.hosts.borrow().get(&host).copied();
        let refuse = |reason: String| Refusal {
            rule: RuleId("builtin:dial".to_owned()),
            reason,
        };
        let address = address.ok_or_else(|| refuse(format!("{host} has no address")))?;
        let stream = TcpStream::connect(address).await;
        stream.map_err(|error| refuse(error.to_string()))
    }
}

/// A boundary between a guest and a world.
pub(super) struct World {
    pub(super) authority: WorldAuthority,
    pub(super) desk: Rc<Desk>,
    pub(super) context: Rc<Context<Dialer>>,
    hosts: Rc<RefCell<HashMap<String, SocketAddr>>>,
    dials: Rc<Cell<usize>>,
    holder: RefCell<mpsc::UnboundedReceiver<FromBoundary>>,
    seen: RefCell<Vec<FromBoundary>>,
}

/// A rule.
pub(super) fn rule(pattern: &str, verdict: Verdict) -> Rule {
    Rule {
        pattern: pattern.to_owned(),
        ports: Vec::new(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict,
        tls_terminate: None,
        description: None,
    }
}

/// A policy.
pub(super) fn policy(rules: Vec<Rule>) -> Vec<Document> {
    vec![Document {
        origin: "policy".to_owned(),
        layer: Layer::Policy,
        default: None,
        rules,
    }]
}

/// How a world is.
pub(super) struct Settings {
    pub(super) rules: Vec<Rule>,
    pub(super) integrations: Vec<Integration>,
    pub(super) hold: Duration,
    pub(super) intercept: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: vec![
                rule("pass.test", Verdict::Allow),
                rule("ask.test", Verdict::Ask),
                rule("api.test", Verdict::Allow),
            ],
            integrations: Vec::new(),
            hold: Duration::from_secs(30),
            intercept: true,
        }
    }
}

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        let authority = WorldAuthority::new();
        let (sender, holder) = mpsc::unbounded_channel();
        let desk = Rc::new(Desk::new(
            policy(settings.rules),
            settings.integrations,
            settings.hold,
            sender,
        ));
        let mut roots = Roots::none();
        roots.add_pem(authority.pem().as_bytes()).unwrap();
        let dialer = Dialer::default();
        let (hosts, dials) = (Rc::clone(&dialer.hosts), Rc::clone(&dialer.dials));
        let ours = settings.intercept.then(|| Authority::new().unwrap());
        let context = Context::new(Rc::clone(&desk), dialer, ours, roots);
        Self {
            authority,
            desk,
            context: Rc::new(context),
            hosts,
            dials,
            holder: RefCell::new(holder),
            seen: RefCell::default(),
        }
    }

    /// Puts a server where a host is.
    pub(super) fn host(&self, host: &str, server: SocketAddr) {
        self.hosts.borrow_mut().insert(host.to_owned(), server);
    }

    pub(super) fn dials(&self) -> usize {
        self.dials.get()
    }

    /// Connects as a guest to a name.
    pub(super) fn connect(&self, name: &str, port: u16) -> (DuplexStream, Rc<Cell<bool>>) {
        self.reach(Destination {
            name: Some(name.to_owned()),
            address: IpAddr::V4(Ipv4Addr::new(28, 0, 0, 1)),
            port,
        })
    }

    /// Connects as a guest.
    pub(super) fn reach(&self, destination: Destination) -> (DuplexStream, Rc<Cell<bool>>) {
        let (guest, stream) = tokio::io::duplex(256 * 1024);
        let reset = Rc::new(Cell::new(false));
        let side = Side {
            stream,
            reset: Rc::clone(&reset),
        };
        spawn_local(converse(side, destination, Rc::clone(&self.context)));
        (guest, reset)
    }

    /// Connects and speaks TLS for this name, trusting the run's authority and that of the world.
    pub(super) async fn tls(
        &self,
        name: &str,
        said: &str,
        alpn: &[&str],
    ) -> io::Result<TlsStream<DuplexStream>> {
        let (stream, _) = self.connect(name, 443);
        self.handshake_over(stream, said, alpn).await
    }

    /// Speaks TLS over a stream.
    pub(super) async fn handshake_over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        said: &str,
        alpn: &[&str],
    ) -> io::Result<TlsStream<S>> {
        let mut roots = Roots::none();
        if let Some(authority) = &self.context.authority {
            let pem = authority.certificate_pem();
            roots.add_pem(pem.as_bytes()).unwrap();
        }
        roots.add_pem(self.authority.pem().as_bytes()).unwrap();
        let mut config = client_config(roots);
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(said.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    /// A client of HTTP/1.1 over TLS.
    pub(super) async fn https(&self, name: &str) -> Client {
        Client::one(self.tls(name, name, &["http/1.1"]).await.unwrap()).await
    }

    /// A client of HTTP/2 over TLS.
    pub(super) async fn https2(&self, name: &str) -> Client {
        let stream = self.tls(name, name, &["h2"]).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Client::two(stream).await
    }

    /// What the boundary has decided so far.
    pub(super) fn decisions(&self) -> Vec<DecisionRecord> {
        self.drain();
        let seen = self.seen.borrow();
        let decisions = seen.iter().filter_map(|message| match message {
            FromBoundary::Decision(record) => Some(record.clone()),
            _ => None,
        });
        decisions.collect()
    }

    /// The only decision.
    pub(super) fn decision(&self) -> DecisionRecord {
        let decisions = self.decisions();
        assert_eq!(decisions.len(), 1, "{decisions:?}");
        decisions[0].clone()
    }

    fn drain(&self) {
        while let Ok(message) = self.holder.borrow_mut().try_recv() {
            self.seen.borrow_mut().push(message);
        }
    }

    /// The next message that is this.
    pub(super) async fn until<T>(&self, is: impl Fn(&FromBoundary) -> Option<T>) -> T {
        loop {
            let message = poll_fn(|context| self.holder.borrow_mut().poll_recv(context)).await;
            let message = message.unwrap();
            let found = is(&message);
            self.seen.borrow_mut().push(message);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// The next question.
    pub(super) async fn asked(&self) -> AskRecord {
        self.until(|message| match message {
            FromBoundary::Ask(ask) => Some(ask.clone()),
            _ => None,
        })
        .await
    }

    pub(super) fn answer(&self, ask: &AskRecord, answer: Answer) {
        let ask = ask.ask;
        self.desk.take(ToBoundary::Answer { ask, answer });
    }

    /// Answers the next request for a credential.
    pub(super) async fn give(&self, answer: CredentialAnswer) {
        let request = self
            .until(|message| match message {
                FromBoundary::Credential { request, .. } => Some(*request),
                _ => None,
            })
            .await;
        self.desk.take(ToBoundary::Credential { request, answer });
    }
}

/// A client of HTTP.
pub(super) enum Client {
    One(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
    Two(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
}

#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

impl Client {
    pub(super) async fn one(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.unwrap();
        spawn_local(connection.with_upgrades());
        Self::One(sender)
    }

    pub(super) async fn two(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> Self {
        let io = TokioIo::new(stream);
        let handshake = hyper::client::conn::http2::handshake(Local, io).await;
        let (sender, connection) = handshake.unwrap();
        spawn_local(connection);
        Self::Two(sender)
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.try_send(request).await.unwrap()
    }

    pub(super) async fn try_send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::One(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Two(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// GETs a URL: the status and the body.
    pub(super) async fn get(&mut self, url: &str) -> (u16, String) {
        let request = self.request("GET", url).body(Full::default()).unwrap();
        text(self.send(request).await).await
    }

    /// A request as this client has to write it.
    pub(super) fn request(&self, method: &str, url: &str) -> http::request::Builder {
        let url: http::Uri = url.parse().unwrap();
        let builder = Request::builder().method(method);
        match self {
            Self::One(_) => builder
                .uri(url.path_and_query().unwrap().as_str())
                .header("host", url.authority().unwrap().as_str()),
            Self::Two(_) => builder.uri(url),
        }
    }
}

/// The status and the body.
pub(super) async fn text(response: Response<Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
