//! Clients that never finish: each is disconnected and holds nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use lazaret_testing::http::connect;

use super::leftovers::Leftovers;
use crate::content;
use crate::server::{Server, lazaret};

const SETTINGS: &str = r#"
listen = ["127.0.0.1:0"]
root = "root"
[limits]
header_timeout = "1s"
body_timeout = "1s"
minimum_transfer_rate = "1MiB"
transfer_window = "2s"
"#;

/// Longest time to wait: more than any limit, with a margin for slow machines.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(folder: &tempfile::TempDir) -> Server {
    let file = folder.path().join("registry.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    let mut command = lazaret(&folder.path().join("root"));
    command.args(["serve", "--config"]).arg(file);
    Server::try_start(command, &folder.path().join("root")).unwrap()
}

/// Sends a piece again and again, until the server closes the connection.
#[track_caller]
fn drip(mut stream: TcpStream, piece: &[u8], pause: Duration) {
    let started = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    let mut answer = [0; 4096];
    loop {
        assert!(started.elapsed() < PATIENCE, "the server still listens");
        let is_closed = match stream.read(&mut answer) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        if is_closed || stream.write_all(piece).is_err() {
            return;
        }
        std::thread::sleep(pause);
    }
}

#[test]
fn slow_clients_are_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder);
    let address = server.address;
    assert_eq!(
        content::push(address, "a", &[7; 32 << 20]).unwrap().status,
        201
    );
    let session = content::start(address, "a").unwrap();
    let put = "PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
    let patch = format!("PATCH {session} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    let silent = Duration::from_secs(1);
    let steady = Duration::from_millis(50);
    std::thread::scope(|scope| {
        // Endless header fields, and no header at all.
        scope.spawn(|| {
            drip(
                open(address, "GET /v2/ HTTP/1.1\r\nHost: x\r\n"),
                b"A: b\r\n",
                steady,
            );
        });
        scope.spawn(|| drip(open(address, "GET /v2/ HTTP/1.1\r\n"), b"", silent));
        // A body that stops, one of single bytes, and the same for a blob.
        scope.spawn(|| drip(open(address, put), b"", silent));
        scope.spawn(|| drip(open(address, put), b"x", steady));
        scope.spawn(|| drip(open(address, &patch), b"x", steady));
        // A response that the client does not read.
        let digest = lazaret_oci::Digest::of(&[7; 32 << 20]);
        let get = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: x\r\n\r\n");
        scope.spawn(move || {
            let mut streams: Vec<TcpStream> = (0..8).map(|_| open(address, &get)).collect();
            std::thread::sleep(Duration::from_secs(8));
            for stream in &mut streams {
                let mut taken = Vec::new();
                // The response is cut off: it ends or is reset, but is never complete.
                let _ = stream.read_to_end(&mut taken);
                assert!(taken.len() < 32 << 20, "the answer waited for its client");
            }
        });
    });
    // The upload is not claimed any more: the received bytes are there, and it can be continued.
    let reply = server.get(&session);
    assert_eq!(reply.status, 204, "{reply:?}");
    let range = reply.header("range").unwrap_or("0-0").to_owned();
    let got: usize = range.rsplit('-').next().unwrap().parse().unwrap();
    let next = content::patch(address, &session, got + 1, b"more").unwrap();
    assert_eq!(next.status, 202, "after {range}: {next:?}");
    assert_eq!(server.send("DELETE", &session, &[], b"").status, 204);
    assert_eq!(server.get("/v2/").status, 200);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    Leftovers::assert_none(&folder.path().join("root"));
}

fn open(address: std::net::SocketAddr, head: &str) -> TcpStream {
    let mut stream = connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}
