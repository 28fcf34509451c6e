//! Runs a server in the test's own process, on a thread and a runtime of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// A running server. When it is dropped, it is told to end and waited for.
#[derive(Debug)]
pub struct Service {
    /// The address at which it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The handle that the server gets.
#[derive(Debug)]
pub struct Running {
    tell: mpsc::Sender<SocketAddr>,
    stopped: oneshot::Receiver<()>,
}

impl Running {
    /// Reports the server's address; returns a future that resolves when the server has to end.
    pub fn at(self, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        // The receiver is gone when the test has already failed.
        let _ = self.tell.send(address);
        async move {
            // A dropped sender also means to stop.
            let _ = self.stopped.await;
        }
    }
}

impl Service {
    /// Runs `serve` on two threads, and waits until it reports its address.
    ///
    /// # Panics
    /// When it ends without having reported it.
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

    /// Tells the server to end, and waits until it has.
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
