//! Real servers on loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lazaret_net::provider;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio_rustls::TlsAcceptor;

/// The authority of the world.
pub(super) struct WorldAuthority(CertifiedIssuer<'static, KeyPair>);

impl WorldAuthority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// TLS of a server with this name.
    pub(super) fn server(&self, name: &str, alpn: &[&str]) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let chain = vec![CertificateDer::clone(certificate.der())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// Starts a server that does this with each connection.
pub(super) async fn listen<F: Future<Output = ()> + 'static>(
    serve: impl Fn(TcpStream) -> F + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn_local(serve(stream));
        }
    });
    address
}

/// Starts the server of HTTP over TLS; it tells what it got.
pub(super) async fn https(config: Arc<ServerConfig>) -> SocketAddr {
    listen(move |stream| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            serve(stream, two).await;
        }
    })
    .await
}

/// Starts the server of HTTP without TLS.
pub(super) async fn http(two: bool) -> SocketAddr {
    listen(move |stream| serve(stream, two)).await
}

#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

async fn serve<S>(stream: S, two: bool)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let requests = Rc::new(std::cell::Cell::new(0));
    let service = service_fn(move |request| {
        requests.set(requests.get() + 1);
        answer(request, requests.get())
    });
    let io = TokioIo::new(stream);
    // A test shows what its client sees.
    let _ = if two {
        hyper::server::conn::http2::Builder::new(Local)
            .timer(TokioTimer::new())
            .serve_connection(io, service)
            .await
    } else {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .with_upgrades()
            .await
    };
}

type Body = BoxBody<Bytes, hyper::Error>;

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed()
}

/// `/echo` sends the body back, `/trailers` with trailers, `/switch` speaks lines of its own, `/secret` tells
/// credentials in headers; the rest tells the request.
async fn answer(mut request: Request<Incoming>, number: u32) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        "/echo" => Response::new(request.into_body().boxed()),
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let collected = request.into_body().collect().await.unwrap();
            let asked = collected.trailers().cloned().unwrap_or_default();
            for (name, value) in &asked {
                trailers.insert(name.clone(), value.clone());
            }
            let frames = [
                Ok(Frame::data(collected.to_bytes())),
                Ok(Frame::trailers(trailers)),
            ];
            let body = StreamBody::new(futures_util::stream::iter(frames));
            let mut response = Response::new(body.boxed());
            let headers = response.headers_mut();
            headers.insert("trailer", HeaderValue::from_static("grpc-status"));
            headers.insert("content-type", HeaderValue::from_static("application/grpc"));
            response
        }
        "/switch" => {
            let upgrade = request.headers().get("upgrade").cloned();
            let switching = hyper::upgrade::on(&mut request);
            spawn_local(async move {
                let mut stream = TokioIo::new(switching.await.unwrap());
                let mut line = [0; 5];
                stream.read_exact(&mut line).await.unwrap();
                stream.write_all(b"pong ").await.unwrap();
                stream.write_all(&line).await.unwrap();
                stream.shutdown().await.unwrap();
            });
            let mut response = Response::new(full(""));
            *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert("connection", HeaderValue::from_static("upgrade"));
            headers.insert("upgrade", upgrade.unwrap());
            response
        }
        "/secret" => {
            let mut response = Response::new(full("told"));
            for (name, value) in request.headers() {
                let name = format!("x-echo-{name}");
                let name = http::HeaderName::try_from(name).unwrap();
                response.headers_mut().insert(name, value.clone());
            }
            response
        }
        _ => {
            let mut told = format!(
                "{} {} {:?} request {number}\n",
                request.method(),
                request.uri(),
                request.version()
            );
            for (name, value) in request.headers() {
                told.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or("?")));
            }
            let body = request.into_body().collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            told.push_str(&format!("body {}\n", body.len()));
            Response::new(full(told))
        }
    })
}
