//! A registry on a free port, over each of the stores.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use lazaret_registry::{Instance, Signals};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::{Backend, Content, Document, Reply, Request, Session, Way, at, unique};

/// A registry under check.
pub(crate) struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// An empty registry over fresh stores; it ends when it is dropped.
    pub(crate) fn start(backend: Backend) -> Self {
        if let Some(address) = at::address() {
            return Self {
                address,
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let folder = tempfile::tempdir().unwrap();
                let source = backend.source(folder.path());
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

    /// The name of a repository that nobody has used.
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

    /// Begins an upload.
    pub(crate) fn session(&self, repository: &str) -> Session<'_> {
        Session::begin(self, repository, "")
    }

    /// Has the blob in the repository.
    pub(crate) fn blob(&self, repository: &str, content: &Content) {
        let reply = Way::PostThenPut.push(self, repository, &content.digest, &content.bytes);
        reply.is(201);
    }

    /// Pushes a manifest to a tag or digest, as it is.
    pub(crate) fn put(&self, repository: &str, reference: &str, document: &Document) -> Reply {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.request("PUT", &path)
            .header("Content-Type", &document.media_type)
            .body(&document.raw)
            .send()
    }

    /// Has the manifest and all that it names in the repository, under the tag.
    pub(crate) fn image(&self, repository: &str, tag: &str) -> Document {
        let image = image_with_blobs(self, repository);
        self.put(repository, tag, &image).is(201);
        image
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            if !std::thread::panicking() {
                outcome.unwrap();
            }
        }
    }
}

fn image_with_blobs(registry: &Served, repository: &str) -> Document {
    let (config, layer) = (Content::new(64), Content::new(512));
    registry.blob(repository, &config);
    registry.blob(repository, &layer);
    super::image(&config, &[&layer])
}
