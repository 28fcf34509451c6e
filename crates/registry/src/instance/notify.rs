//! Notifies systemd (sd_notify(3)) with datagrams to the socket that it names.

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// The state of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The service accepts requests.
    Ready,
    /// The service reloads its configuration.
    Reloading,
    /// The service finishes its requests and ends.
    Stopping,
}

/// Notifies the service manager.
#[derive(Debug, Clone, Default)]
pub struct Notifier {
    socket: Option<PathBuf>,
}

impl Notifier {
    /// Sends to `socket` (the variable `NOTIFY_SOCKET`), or nothing without one. A name that begins
    /// with `@` is an abstract socket.
    #[must_use]
    pub fn new(socket: Option<PathBuf>) -> Self {
        Self { socket }
    }

    /// Sends the state. A failure does not affect the registry.
    pub fn tell(&self, state: State) {
        let Some(socket) = &self.socket else { return };
        let text = match state {
            State::Ready => "READY=1".to_owned(),
            State::Reloading => {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
                format!("RELOADING=1\nMONOTONIC_USEC={microseconds}")
            }
            State::Stopping => "STOPPING=1".to_owned(),
        };
        if let Err(error) = send(socket, &text) {
            tracing::debug!(%error, "failed to notify the service manager");
        }
    }
}

fn send(socket: &Path, text: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::SocketAddr;

    let address = match socket.as_os_str().as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(text.as_bytes(), &address)?;
    Ok(())
}
