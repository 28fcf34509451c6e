//! The registry that is checked, on a free port and with each of the stores.

use std::net::SocketAddr;

use lazaret_registry::{Instance, Signals};
use lazaret_testing::service::Service;

use super::{Backend, Content, Document, Reply, Request, Session, Way, at, unique};

/// The registry that is checked.
pub(crate) struct Served {
    address: SocketAddr,
    /// `None` for a registry that was started outside of the tests.
    _service: Option<Service>,
}

impl Served {
    /// Starts an empty registry with new stores, which ends when it is dropped.
    pub(crate) fn start(backend: Backend) -> Self {
        if let Some(address) = at::address() {
            return Self {
                address,
                _service: None,
            };
        }
        let service = Service::start(async move |running| {
            let folder = tempfile::tempdir().unwrap();
            let source = backend.source(folder.path());
            let instance = Instance::open(source).await.unwrap();
            let address = instance.addresses().next().unwrap();
            instance.serve(Signals::until(running.at(address))).await;
        });
        Self {
            address: service.address,
            _service: Some(service),
        }
    }

    /// The name of a new repository.
    pub(crate) fn repository(&self) -> String {
        format!("conformance/{}", unique())
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    pub(crate) fn head(&self, path: &str) -> Reply {
        self.request("HEAD", path).send()
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    /// Starts an upload session.
    pub(crate) fn session(&self, repository: &str) -> Session<'_> {
        Session::begin(self, repository, "")
    }

    /// Makes sure that the blob is in the repository.
    pub(crate) fn blob(&self, repository: &str, content: &Content) {
        let reply = Way::PostThenPut.push(self, repository, &content.digest, &content.bytes);
        reply.is(201);
    }

    /// Pushes a manifest to a tag or digest, and nothing that it names.
    pub(crate) fn put(&self, repository: &str, reference: &str, document: &Document) -> Reply {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.request("PUT", &path)
            .header("Content-Type", &document.media_type)
            .body(&document.raw)
            .send()
    }

    /// Pushes an image with all its blobs to the repository, under the tag.
    pub(crate) fn image(&self, repository: &str, tag: &str) -> Document {
        let image = image_with_blobs(self, repository);
        self.put(repository, tag, &image).is(201);
        image
    }
}

fn image_with_blobs(registry: &Served, repository: &str) -> Document {
    let (config, layer) = (Content::new(64), Content::new(512));
    registry.blob(repository, &config);
    registry.blob(repository, &layer);
    super::image(&config, &[&layer])
}
