use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lazaret_testing::http::exchange;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::*;
use crate::message::{Body, Pace};

/// A certificate with its key, and the authority that signed it.
struct Issued {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self {
            issuer: rcgen::Issuer::new(parameters, key),
            pem,
        }
    }

    fn issue(&self, name: &str) -> Issued {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate, key }
    }
}

impl Issued {
    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("certificate.pem"), self.certificate.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), self.key.serialize_pem()).unwrap();
    }
}

fn tls(folder: &Path) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
        client_ca: None,
        needs_client_certificate: false,
        only_tls13: false,
    }
}

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        connections: 4096,
        per_address: 1024,
        handshake: Duration::from_secs(5),
        header: Duration::from_secs(30),
        idle: Duration::from_secs(120),
        pace: Pace {
            silence: Duration::from_secs(60),
            rate: 1024,
            window: Duration::from_secs(60),
        },
        drain: Duration::from_secs(30),
    }
}

/// A running server.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(
        limits: ConnectionLimits,
        certificates: Option<Certificates>,
        handler: Handler,
    ) -> Self {
        let listeners = Listeners::bind(&["127.0.0.1:0".parse().unwrap()])
            .await
            .unwrap();
        let address = listeners.addresses().next().unwrap();
        let (stop, stopped) = oneshot::channel();
        let limits = watch::Sender::new(limits);
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            listeners
                .serve(handler, limits.subscribe(), certificates, stopped)
                .await;
        });
        Self {
            address,
            stop: Some(stop),
            task,
        }
    }

    async fn stop(mut self) {
        self.ask_to_stop();
        self.task.await.unwrap();
    }

    fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }
}

fn text(content: impl Into<Bytes>) -> Response<Body> {
    Response::new(
        Full::new(content.into())
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

/// Answers with everything that it knows of the peer.
fn introducing() -> Handler {
    Arc::new(|request, peer| {
        Box::pin(async move {
            let is_known = peer.certificate.is_some();
            let body = request
                .into_body()
                .collect()
                .await
                .map_or(0, |body| body.to_bytes().len());
            text(format!(
                "tls={} certificate={is_known} body={body}",
                peer.is_tls
            ))
        })
    })
}

type Client = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

fn trusting(authority: &Authority, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

type Encrypted = tokio_rustls::client::TlsStream<TcpStream>;

async fn encrypt(address: SocketAddr, config: ClientConfig) -> io::Result<Encrypted> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn h2(address: SocketAddr, authority: &Authority) -> (Client, Vec<u8>) {
    let stream = encrypt(address, trusting(authority, &[b"h2"]))
        .await
        .unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
    let leaf = session.peer_certificates().unwrap()[0].to_vec();
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    (client, leaf)
}

fn request(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::builder()
        .uri("https://localhost/")
        .body(Full::new(body.into()))
        .unwrap()
}

async fn content(response: Response<Incoming>) -> Vec<u8> {
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

#[tokio::test]
async fn http2_and_http1_are_spoken_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path());
    let certificates = Certificates::new(&tls(folder.path())).unwrap();
    let server = Running::start(limits(), Some(certificates), introducing()).await;

    let (mut client, _) = h2(server.address, &authority).await;
    // More bytes than the windows allow.
    let response = client
        .send_request(request(vec![7; 5 << 20]))
        .await
        .unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(
        content(response).await,
        b"tls=true certificate=false body=5242880"
    );

    let stream = encrypt(server.address, trusting(&authority, &[]))
        .await
        .unwrap();
    let (mut client, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let plain = Request::builder()
        .uri("/")
        .header("host", "localhost")
        .body(Empty::new())
        .unwrap();
    let response = client.send_request(plain).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(
        content(response).await,
        b"tls=true certificate=false body=0"
    );
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn certificates_are_replaced_without_dropping_connections() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (old, new) = (authority.issue("localhost"), authority.issue("localhost"));
    old.write(folder.path());
    let settings = tls(folder.path());
    let certificates = Certificates::new(&settings).unwrap();
    let server = Running::start(limits(), Some(certificates.clone()), introducing()).await;

    let (mut early, leaf) = h2(server.address, &authority).await;
    assert_eq!(leaf, old.certificate.der().to_vec());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let load = tokio::spawn(async move {
        for _ in 0..200 {
            let response = early.send_request(request("x")).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    while requests.load(Ordering::Relaxed) < 20 {
        tokio::task::yield_now().await;
    }
    // Only half of the change, as between two renames: the old pair stays in use.
    std::fs::write(folder.path().join("certificate.pem"), new.certificate.pem()).unwrap();
    assert!(matches!(
        certificates.reload(&settings),
        Err(TlsError::Mismatch { .. })
    ));
    assert_eq!(h2(server.address, &authority).await.1, leaf);
    new.write(folder.path());
    certificates.reload(&settings).unwrap();
    assert_eq!(
        h2(server.address, &authority).await.1,
        new.certificate.der().to_vec()
    );
    load.await.unwrap();
    assert_eq!(requests.load(Ordering::Relaxed), 200);
    server.stop().await;
}

#[tokio::test]
async fn client_certificates_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path());
    let clients = folder.path().join("clients.pem");
    std::fs::write(&clients, &authority.pem).unwrap();
    let mut settings = tls(folder.path());
    settings.client_ca = Some(clients);
    settings.needs_client_certificate = true;
    let certificates = Certificates::new(&settings).unwrap();
    let server = Running::start(limits(), Some(certificates), introducing()).await;

    let ask = async |issued: Option<Issued>| -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut config = trusting(&authority, &[b"h2"]);
        if let Some(issued) = issued {
            let key = rustls::pki_types::PrivateKeyDer::try_from(issued.key.serialize_der())?;
            let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
            let chain = vec![issued.certificate.der().clone()];
            let certified = rustls::sign::CertifiedKey::new(chain, key);
            config.client_auth_cert_resolver =
                Arc::new(rustls::sign::SingleCertAndKey::from(certified));
        }
        let stream = encrypt(server.address, config).await?;
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await?;
        tokio::spawn(connection);
        Ok(content(client.send_request(request("")).await?).await)
    };
    let known = ask(Some(authority.issue("alice"))).await.unwrap();
    assert_eq!(known, b"tls=true certificate=true body=0");
    assert!(ask(None).await.is_err());
    assert!(ask(Some(Authority::new().issue("mallory"))).await.is_err());
    server.stop().await;
}

/// Sends text and reads the response to its end.
async fn plain(address: SocketAddr, text: &'static str) -> String {
    // On another thread, because the server runs on this one.
    let asked = tokio::task::spawn_blocking(move || exchange(address, text.as_bytes()));
    String::from_utf8(asked.await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn plain_http_on_a_tls_address_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().issue("localhost").write(folder.path());
    let certificates = Certificates::new(&tls(folder.path())).unwrap();
    let server = Running::start(limits(), Some(certificates), introducing()).await;
    let answer = plain(server.address, "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let message = body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("HTTPS"), "{message}");
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_that_stops_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().issue("localhost").write(folder.path());
    let certificates = Certificates::new(&tls(folder.path())).unwrap();
    let mut limits = limits();
    limits.handshake = Duration::from_millis(100);
    let server = Running::start(limits, Some(certificates), introducing()).await;
    // The first bytes of a handshake, then the end of the connection.
    assert_eq!(plain(server.address, "\u{16}\u{3}\u{1}").await, "");
    server.stop().await;
}

/// Sends the first half of each response at once, and the second half when it is told to.
fn halting(go_on: Arc<tokio::sync::Notify>) -> Handler {
    Arc::new(move |_, _| {
        let go_on = Arc::clone(&go_on);
        Box::pin(async move {
            let frames = futures_util::stream::unfold(0, move |step| {
                let go_on = Arc::clone(&go_on);
                async move {
                    if step == 1 {
                        go_on.notified().await;
                    }
                    let frame = http_body::Frame::data(Bytes::from_static(b"half"));
                    (step < 2).then_some((Ok(frame), step + 1))
                }
            });
            Response::new(StreamBody::new(frames).boxed_unsync())
        })
    })
}

#[tokio::test]
async fn draining_finishes_what_is_under_way_and_refuses_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path());
    let certificates = Certificates::new(&tls(folder.path())).unwrap();
    let go_on = Arc::new(tokio::sync::Notify::new());
    let mut server =
        Running::start(limits(), Some(certificates), halting(Arc::clone(&go_on))).await;
    let (mut client, _) = h2(server.address, &authority).await;
    let mut body = client.send_request(request("")).await.unwrap().into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "half"
    );
    server.ask_to_stop();
    // After GOAWAY the connection takes no more requests, and the address is no longer open.
    while client.ready().await.is_ok() && TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.task.is_finished());
    go_on.notify_waiters();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "half");
    drop(client);
    server.task.await.unwrap();
}

#[tokio::test]
async fn draining_ends_in_time() {
    let mut limits = limits();
    limits.drain = Duration::from_millis(50);
    let mut server = Running::start(limits, None, halting(Arc::default())).await;
    let address = server.address;
    let reader = tokio::spawn(plain(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
    while !reader.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.ask_to_stop();
    }
    let answer = reader.await.unwrap();
    assert!(answer.is_empty() || answer.contains("half"), "{answer}");
    server.task.await.unwrap();
}

#[tokio::test]
async fn an_http2_peer_that_takes_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path());
    let certificates = Certificates::new(&tls(folder.path())).unwrap();
    let mut limits = limits();
    limits.pace.silence = Duration::from_millis(200);
    let handler: Handler = Arc::new(|_, _| {
        Box::pin(async {
            let frame = || Ok(http_body::Frame::data(Bytes::from_static(&[1; 64 * 1024])));
            let frames = futures_util::stream::iter(std::iter::repeat_with(frame));
            Response::new(StreamBody::new(frames).boxed_unsync())
        })
    });
    let server = Running::start(limits, Some(certificates), handler).await;
    let (mut client, _) = h2(server.address, &authority).await;
    // The client's window is full, and the client never enlarges it.
    let response = client.send_request(request("")).await.unwrap();
    client.ready().await.unwrap();
    while !client.is_closed() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(response.into_body().collect().await.is_err());
    server.stop().await;
}
