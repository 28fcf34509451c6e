//! A server whose every answer is a test's to choose, and shorthand.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lazaret_client::Timeouts;
use lazaret_client::{Anonymous, Client, Credential, CredentialSource, Error, Options, Retry};
use lazaret_oci::{Reference, Registry, Repository};
use lazaret_values::{Chain, Secret};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// An answer to send.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// `Content-Length`, when it is not the truth. The connection closes after the body.
    announced: Option<usize>,
    /// Transfer encoding instead of a length.
    chunked: bool,
    /// Sent instead of everything else; then the connection closes.
    raw: Option<Vec<u8>>,
    delay: Duration,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            announced: None,
            chunked: false,
            raw: None,
            delay: Duration::ZERO,
        }
    }

    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::new(0);
        reply.raw = Some(bytes.into());
        reply
    }

    pub(crate) fn json(status: u16, text: &str) -> Self {
        Self::new(status)
            .with("Content-Type", "application/json")
            .body(text.as_bytes())
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn announce(mut self, length: usize) -> Self {
        self.announced = Some(length);
        self
    }

    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Whether the connection can go on after it.
    fn head(&self, method: &str) -> (Vec<u8>, bool) {
        let mut text = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let given = self
            .headers
            .iter()
            .any(|(name, _)| name == "Content-Length");
        let length = self.announced.unwrap_or(self.body.len());
        if self.chunked {
            text.push_str("Transfer-Encoding: chunked\r\n");
        } else if !given && self.status != 204 {
            text.push_str(&format!("Content-Length: {length}\r\n"));
        }
        text.push_str("\r\n");
        let complete = method == "HEAD" || self.chunked || length == self.body.len();
        (text.into_bytes(), complete)
    }
}

/// A server on a port of its own.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(|_| (), move |seen, ()| answer(seen)).await
    }

    /// With something made from the server's own address (`host:port`).
    pub(crate) async fn start_with<T: Send + Sync + 'static>(
        make: impl FnOnce(&str) -> T,
        answer: impl Fn(&Seen, &T) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let fake = Self {
            address,
            seen: Arc::clone(&seen),
        };
        let state = Arc::new(make(&address.to_string()));
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer, state) = (seen.clone(), answer.clone(), state.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, |request| {
                        seen.lock().unwrap().push(request.clone());
                        answer(request, &state)
                    })
                    .await;
                });
            }
        });
        fake
    }

    pub(crate) fn registry(&self) -> Registry {
        self.address.to_string().parse().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `<registry>/<rest>`.
    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.address).parse().unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// `METHOD target` of all requests.
    pub(crate) fn log(&self) -> Vec<String> {
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.target);
        self.seen().iter().map(line).collect()
    }

    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        let matches = |seen: &&Seen| seen.method == method && seen.path().contains(path);
        self.seen().iter().filter(matches).count()
    }
}

/// Serves one connection.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mut answer: impl FnMut(&Seen) -> Reply,
) -> io::Result<()> {
    let mut stream = BufStream::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut words = line.split_ascii_whitespace();
        let mut seen = Seen {
            method: words.next().unwrap_or_default().to_owned(),
            target: words.next().unwrap_or_default().to_owned(),
            headers: HashMap::new(),
            body: Vec::new(),
        };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            seen.headers
                .insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = seen
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        seen.body.resize(length, 0);
        stream.read_exact(&mut seen.body).await?;
        let reply = answer(&seen);
        tokio::time::sleep(reply.delay).await;
        if let Some(raw) = &reply.raw {
            stream.write_all(raw).await?;
            return stream.flush().await;
        }
        let (head, complete) = reply.head(&seen.method);
        stream.write_all(&head).await?;
        if seen.method != "HEAD" {
            if reply.chunked {
                for piece in reply.body.chunks(7000) {
                    let size = format!("{:x}\r\n", piece.len());
                    stream.write_all(size.as_bytes()).await?;
                    stream.write_all(piece).await?;
                    stream.write_all(b"\r\n").await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            } else {
                stream.write_all(&reply.body).await?;
            }
        }
        stream.flush().await?;
        if !complete {
            return Ok(());
        }
    }
}

/// Options that wait for nothing.
pub(crate) fn options() -> Options {
    Options {
        retry: Retry {
            scale: 0.001,
            ..Retry::default()
        },
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            header: Duration::from_secs(5),
            idle: Duration::from_secs(2),
        },
        ..Options::default()
    }
}

pub(crate) fn client() -> Client {
    Client::new(options(), Arc::new(Anonymous)).unwrap()
}

/// The same credential for everybody, to see who gets it.
pub(crate) struct Everywhere(pub(crate) Credential);

impl CredentialSource for Everywhere {
    fn credential<'a>(
        &'a self,
        _: &'a Registry,
        _: Option<&'a Repository>,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async { Ok(Some(self.0.clone())) })
    }
}

pub(crate) const PASSWORD: &str = "hunter2-correct-horse";

pub(crate) fn basic() -> Credential {
    Credential::Basic {
        username: "ada".to_owned(),
        password: Secret::new(PASSWORD),
    }
}

pub(crate) fn client_with(credential: Credential) -> Client {
    Client::new(options(), Arc::new(Everywhere(credential))).unwrap()
}

/// An error with all its sources, as a user might see it.
pub(crate) fn full(error: &Error) -> String {
    let hint = error.hint();
    format!("{} | {error:?} | {hint:?}", Chain(error))
}

/// Bytes that differ from place to place.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// A small valid manifest.
pub(crate) fn manifest_json() -> &'static str {
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
