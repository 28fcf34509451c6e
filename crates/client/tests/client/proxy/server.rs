//! A proxy whose tunnels all end at loopback, at the port that was asked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a proxy does with requests.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Open,
    /// Opens tunnels for this `Proxy-Authorization`.
    Guarded(&'static str),
    /// Answers with a status.
    Failing(u16),
    /// Never answers.
    Silent,
}

pub(super) struct TestProxy {
    scheme: &'static str,
    address: SocketAddr,
    log: Log,
}

type Log = Arc<Mutex<Vec<String>>>;

impl TestProxy {
    pub(super) async fn start(kind: Kind) -> Self {
        Self::serve(kind, None).await
    }

    /// A proxy over TLS with its certificate as PEM.
    pub(super) async fn start_tls(names: &[&str]) -> (Self, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let proxy = Self::serve(Kind::Open, Some(acceptor)).await;
        (proxy, made.cert.pem())
    }

    async fn serve(kind: Kind, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            scheme: if tls.is_some() { "https" } else { "http" },
            address: listener.local_addr().unwrap(),
            log: Log::default(),
        };
        let log = Arc::clone(&proxy.log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, tls) = (Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, kind, &log).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => answer(stream, kind, &log).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        proxy
    }

    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// `METHOD target authorization` of all requests so far.
    pub(super) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: S, kind: Kind, log: &Log) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| {
        line.strip_prefix("Proxy-Authorization: ")
            .map(str::to_owned)
    };
    let authorization = lines.iter().find_map(header);
    let line = lines.first()?.strip_suffix(" HTTP/1.1")?;
    let shown = authorization.as_deref().unwrap_or("-");
    log.lock().unwrap().push(format!("{line} {shown}"));
    let status = match kind {
        Kind::Silent => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return None;
        }
        Kind::Failing(status) => status,
        Kind::Guarded(wanted) if authorization.as_deref() != Some(wanted) => 407,
        Kind::Open | Kind::Guarded(_) => 200,
    };
    let text = format!("HTTP/1.1 {status} X\r\nProxy-Agent: test\r\n\r\n");
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    if status == 200 {
        let (_, port) = line.rsplit_once(':')?;
        let mut other = TcpStream::connect(("127.0.0.1", port.parse().ok()?))
            .await
            .ok()?;
        tokio::io::copy_bidirectional(&mut stream, &mut other)
            .await
            .ok()?;
    }
    Some(())
}
