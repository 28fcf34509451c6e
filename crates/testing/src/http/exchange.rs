//! Sends one request over a connection of its own.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest time to wait for bytes of a response.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens a connection whose reads and writes fail after a minute of silence.
///
/// # Errors
/// When nothing listens at the address.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends raw bytes, and reads until the server closes. A server may respond early and close.
///
/// # Errors
/// When nothing listens at the address, or no byte of a response arrives.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(address)?;
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    let received = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        sent?;
        received?;
    }
    Ok(answer)
}
