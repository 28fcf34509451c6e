//! A registry on a free port, and a client that sends exactly what it is told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use lazaret_oci::{Descriptor, Digest, media_type};
use lazaret_registry::{Instance, Root, Signals, Source};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A registry in its own thread.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// An ephemeral registry below `parent`.
    pub(crate) fn ephemeral(parent: &Path) -> Self {
        Self::start(Source::ephemeral(parent))
    }

    /// An ephemeral registry below `parent` with the settings of a file.
    pub(crate) fn with_settings(parent: &Path, settings: &str) -> Self {
        let file = parent.join("registry.toml");
        std::fs::write(&file, settings).unwrap();
        let mut source = Source::ephemeral(&parent.join("registries"));
        source.file = Some(file);
        Self::start(source)
    }

    /// A durable registry in `root`.
    pub(crate) fn open(root: &Path) -> Self {
        let mut source = Source::ephemeral(root);
        source.root = Root::Lasting(root.to_owned());
        Self::start(source)
    }

    fn start(source: Source) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let instance = Instance::open(source).await.unwrap();
                tell.send(instance.addresses().next().unwrap()).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                instance.serve(Signals::until(stopped)).await;
            });
        });
        Self {
            address: told.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Waits until the registry has ended.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            if !std::thread::panicking() {
                outcome.unwrap();
            }
        }
    }

    /// Sends a request and returns the answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut lines: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if !matches!(method, "GET" | "HEAD") {
            lines.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: registry\r\n");
        for (name, value) in lines {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes)
    }

    /// Sends bytes as they are and reads to the end of the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Reply::parse(&answer)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// Starts an upload and returns its location.
    pub(crate) fn start_upload(&self, name: &str) -> String {
        let reply = self.send("POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"");
        assert_eq!(reply.status, 202, "{reply:?}");
        reply.header("location").unwrap().to_owned()
    }

    /// Pushes a blob in one request.
    pub(crate) fn push_blob(&self, name: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let reply = self.send("POST", &path, &[], content);
        assert_eq!(reply.status, 201, "{reply:?}");
        digest
    }

    /// Pushes a manifest.
    pub(crate) fn put_manifest(&self, name: &str, reference: &str, manifest: &Value) -> Reply {
        let kind = manifest["mediaType"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let path = format!("/v2/{name}/manifests/{reference}");
        let body = serde_json::to_vec(manifest).unwrap();
        self.send("PUT", &path, &[("Content-Type", &kind)], &body)
    }

    /// Pushes a small image with the tag.
    pub(crate) fn push_image(&self, name: &str, tag: &str) -> (Value, Digest) {
        self.push_blob(name, b"{}");
        self.push_blob(name, b"layer");
        let manifest = image();
        let reply = self.put_manifest(name, tag, &manifest);
        assert_eq!(reply.status, 201, "{reply:?}");
        let digest = Digest::of(&serde_json::to_vec(&manifest).unwrap());
        (manifest, digest)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// A manifest whose config is `{}` and whose only layer is `layer`.
pub(crate) fn image() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::of(media_type::IMAGE_CONFIG, b"{}"),
        "layers": [Descriptor::of(media_type::LAYER, b"layer")],
    })
}

/// An ephemeral registry and the folder it lives below.
pub(crate) fn served() -> (tempfile::TempDir, Served) {
    let parent = tempfile::tempdir().unwrap();
    let served = Served::ephemeral(parent.path());
    (parent, served)
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(answer: &[u8]) -> Self {
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(answer)));
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Self {
            status: status.parse().unwrap(),
            headers: lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: answer[end + 4..].to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts an error of the specification: status, code, JSON body.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let body = self.json();
        assert_eq!(body["errors"][0]["code"], code, "{body}");
        assert!(!body["errors"][0]["message"].as_str().unwrap().is_empty());
        self
    }
}
