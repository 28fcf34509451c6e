//! A place to which nobody may connect.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A listener at an address of this machine that no server may point to: the unspecified one, which the
/// kernel takes for loopback. It counts who comes.
pub(crate) struct Trap {
    port: u16,
    caught: Arc<AtomicUsize>,
}

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let caught = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&caught);
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { port, caught }
    }

    /// Its address, `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("0.0.0.0:{}", self.port)
    }

    /// The same in other words, which only a look-up turns into an address.
    pub(crate) fn name(&self) -> String {
        format!("0:{}", self.port)
    }

    /// Its address on loopback.
    pub(crate) fn loopback(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address())
    }

    /// Asserts that nobody has come.
    #[track_caller]
    pub(crate) fn is_empty(&self) {
        // Who has connected has been counted soon after.
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(self.caught.load(Ordering::Relaxed), 0, "somebody dialled");
    }

    pub(crate) fn caught(&self) -> usize {
        self.caught.load(Ordering::Relaxed)
    }
}
