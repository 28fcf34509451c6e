//! The server that both guests use.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// Reads until the end.
const SINK: u8 = 1;
/// Writes as many bytes as the next eight say.
const SOURCE: u8 = 2;
/// Sends one byte back.
const ECHO: u8 = 3;

const PIECE: usize = 256 * 1024;

/// A server on loopback, for as long as the program runs.
pub(super) struct Server(u16);

impl Server {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A guest that breaks off is told by its own time.
                std::thread::spawn(move || drop(serve(stream)));
            }
        });
        Ok(Self(port))
    }

    pub(super) fn port(&self) -> u16 {
        self.0
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    let mut piece = vec![0; PIECE];
    match kind[0] {
        SINK => while stream.read(&mut piece)? > 0 {},
        SOURCE => {
            let mut length = [0; 8];
            stream.read_exact(&mut length)?;
            let mut left = u64::from_be_bytes(length);
            while left > 0 {
                let count = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
                stream.write_all(&piece[..count])?;
                left -= count as u64;
            }
        }
        ECHO => stream.write_all(&kind)?,
        _ => {}
    }
    Ok(())
}
