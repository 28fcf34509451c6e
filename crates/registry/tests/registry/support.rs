//! A registry on a free port, and a client that sends requests exactly as given.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use lazaret_oci::{Descriptor, Digest, media_type};
use lazaret_registry::{Instance, Root, Signals, Source};
use lazaret_testing::http;
pub(crate) use lazaret_testing::http::Reply;
use lazaret_testing::service::Service;
use serde_json::{Value, json};

/// A registry in a thread of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    service: Service,
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

    /// A registry of any source.
    pub(crate) fn start(source: Source) -> Self {
        let service = Service::start(async move |running| {
            let instance = Instance::open(source).await.unwrap();
            let address = instance.addresses().next().unwrap();
            instance.serve(Signals::until(running.at(address))).await;
        });
        Self {
            address: service.address,
            service,
        }
    }

    /// Waits until the registry has ended.
    pub(crate) fn stop(self) {
        self.service.stop();
    }

    /// Sends a request and returns the response.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        http::send(self.address, method, path, headers, body).unwrap()
    }

    /// Sends raw bytes and reads to the end of the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> Reply {
        let answer = http::exchange(self.address, request).unwrap();
        Reply::parse(&answer, false).unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        http::connect(self.address).unwrap()
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

/// A manifest with the configuration `{}` and the only layer `layer`.
pub(crate) fn image() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::of(media_type::IMAGE_CONFIG, b"{}"),
        "layers": [Descriptor::of(media_type::LAYER, b"layer")],
    })
}

/// An ephemeral registry, with its parent folder.
pub(crate) fn served() -> (tempfile::TempDir, Served) {
    let parent = tempfile::tempdir().unwrap();
    let served = Served::ephemeral(parent.path());
    (parent, served)
}
