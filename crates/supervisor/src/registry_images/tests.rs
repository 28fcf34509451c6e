//! Runs the suite of the ports over a registry.

#[path = "../../../images/tests/ports/suite.rs"]
mod suite;

use std::net::SocketAddr;
use std::thread::JoinHandle;

use async_trait::async_trait;
use lazaret_client::{Anonymous, Options, Quiet, Retry};
use lazaret_images::{Graph, copy};
use lazaret_registry::{Instance, Signals};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;
use suite::{Place, Sample, check, reads_like};

/// An ephemeral registry in a thread of its own.
struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = lazaret_registry::Source::ephemeral(folder.path());
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
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
            _folder: folder,
        }
    }

    fn images(&self, repository: &str) -> RegistryImages {
        let options = Options {
            retry: Retry {
                scale: 0.01,
                ..Retry::default()
            },
            ..Options::default()
        };
        let client = Client::new(options, Arc::new(Anonymous)).unwrap();
        let reference = format!("{}/{repository}:v1", self.address);
        let quiet: ProgressSink = Arc::new(Quiet);
        RegistryImages::new(&client, &reference.parse().unwrap(), &quiet)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Place for Served {
    async fn new_target(&self) -> Box<dyn Target> {
        Box::new(self.images("acme/sample"))
    }

    async fn source(&self) -> Box<dyn Source> {
        Box::new(self.images("acme/sample"))
    }
}

#[tokio::test]
async fn a_registry_passes() {
    check(async || Served::new()).await;
}

#[tokio::test]
async fn an_index_goes_from_registry_to_registry() {
    let (from, to) = (Served::new(), Served::new());
    let sample = Sample::index();
    let graph = Graph::read(&sample, &sample.root).await.unwrap();
    let first = from.images("acme/first");
    copy(&graph, &sample, &first, None, 4).await.unwrap();
    // Opened again, as by another program, which knows only the name.
    let first = from.images("acme/first");
    let root = first.root(&Wanted::Only).await.unwrap();
    let graph = Graph::read(&first, &root).await.unwrap();
    let second = to.images("acme/second");
    copy(&graph, &first, &second, Some("moved"), 4)
        .await
        .unwrap();
    reads_like(&second, "moved", &sample).await;
}

#[tokio::test]
async fn errors_of_the_client_come_out_again() {
    let served = Served::new();
    let absent = served.images("acme/absent");
    let error = absent.root(&Wanted::Only).await.unwrap_err();
    let error = crate::Error::from(error);
    let is_not_found = matches!(
        error,
        crate::Error::Client(lazaret_client::Error::NotFound { .. })
    );
    assert!(is_not_found, "{error:?}");
}
