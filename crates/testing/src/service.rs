//! A server in the test's own process, on a thread and a runtime of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// A running server. Dropped, it is asked to end and waited for.
#[derive(Debug)]
pub struct Service {
    /// The address that it listens at.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The server's side.
#[derive(Debug)]
pub struct Running {
    tell: mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
}

impl Running {
    /// Says where the server listens; gives a future that ends when the server shall end.
    pub fn at(self, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        // Nobody waits when the test has failed already.
        let _ = self.tell.send(address);
        async move {
            // A sender that is gone means the same: stop.
            let _ = self.stopped.await;
        }
    }
}

impl Service {
    /// Runs `serve` on two threads and waits until it says where it listens.
    ///
    /// # Panics
    /// When it ends without having said so.
    pub fn start<F, S>(serve: F) -> Self
    where
        F: FnOnce(Running) -> S + Send + 'static,
        S: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime can be made");
            runtime.block_on(serve(Running { tell, stopped }));
        });
        Self {
            address: told.recv().expect("the server says where it listens"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Asks the server to end, and waits until it has.
    ///
    /// # Panics
    /// When it panicked.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            assert!(
                outcome.is_ok() || std::thread::panicking(),
                "the server panicked"
            );
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}
