//! A proxy before a real registry, which counts the requests on their way.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes bytes on in both directions, and remembers the first lines of requests.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy to `target`, `host:port`.
    pub(crate) fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (shared, target) = (Arc::clone(&lines), target.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (lines, target) = (Arc::clone(&shared), target.clone());
                std::thread::spawn(move || drop(pass(client, &target, &lines)));
            }
        });
        Self { address, lines }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `METHOD target` of all requests so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

fn pass(mut client: TcpStream, target: &str, lines: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut server = TcpStream::connect(target)?;
    let (mut back, mut to_client) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        // Either side may end.
        let _ = io::copy(&mut back, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    // Clients that only read send nothing but heads.
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = client.read(&mut piece)?;
        if length == 0 {
            return server.shutdown(Shutdown::Write);
        }
        text.extend_from_slice(&piece[..length]);
        while let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).into_owned();
            let line = head.lines().next().unwrap_or_default();
            let line = line.trim_end_matches(" HTTP/1.1").to_owned();
            lines.lock().unwrap().push(line);
            text.drain(..end + 4);
        }
        server.write_all(&piece[..length])?;
    }
}
