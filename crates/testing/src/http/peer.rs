//! A server whose responses a test chooses.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::answer::Answer;
use super::seen::Seen;

/// A server on a port of its own, which serves until the test process ends. Clones are the same
/// server.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address at which it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Peer {
    /// Starts a server that answers every request, and serves connections at the same time.
    #[must_use]
    pub fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with(|_| (), move |seen, ()| answer(seen))
    }

    /// Like [`Self::start`], with a value made from the server's own address (`host:port`).
    #[must_use]
    pub fn start_with<T: Send + Sync + 'static>(
        make: impl FnOnce(&str) -> T,
        answer: impl Fn(&Seen, &T) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_over(Some, make, answer)
    }

    /// Like [`Self::start_with`], over connections that `wrap` makes of TCP, such as TLS.
    /// Connections for which it gives `None` are closed.
    #[must_use]
    pub fn start_over<S: Read + Write, T: Send + Sync + 'static>(
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
        make: impl FnOnce(&str) -> T,
        answer: impl Fn(&Seen, &T) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let peer = Self {
            address,
            seen: Arc::clone(&seen),
        };
        let shared = Arc::new((wrap, answer, make(&address.to_string()), seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let (wrap, answer, state, seen) = &*shared;
                    if let Some(stream) = wrap(stream) {
                        // Clients may disconnect at any time.
                        let _ = serve(stream, |request| {
                            locked(seen).push(request.clone());
                            answer(request, state)
                        });
                    }
                });
            }
        });
        peer
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        locked(&self.seen).clone()
    }

    /// `METHOD target` of all requests so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.target);
        locked(&self.seen).iter().map(line).collect()
    }

    /// Number of requests so far with this method, and with `path` in their path.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        let matches = |seen: &&Seen| seen.method == method && seen.path().contains(path);
        locked(&self.seen).iter().filter(matches).count()
    }
}

fn locked(seen: &Mutex<Vec<Seen>>) -> std::sync::MutexGuard<'_, Vec<Seen>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one connection, until either side closes it or the client asks for the end.
///
/// # Errors
/// When the client disconnects, or sends something that is not HTTP.
pub fn serve(stream: impl Read + Write, mut answer: impl FnMut(&Seen) -> Answer) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    while let Some(seen) = Seen::read(&mut stream)? {
        let goes_on = answer(&seen).send(&seen.method, stream.get_mut())?;
        if !goes_on || seen.header("connection") == Some("close") {
            break;
        }
    }
    Ok(())
}
