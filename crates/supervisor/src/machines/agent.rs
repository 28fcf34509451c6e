//! A client of the agent on a disk that another hypervisor runs (`rootfs build --inject agent`).
//!
//! ```text
//! socket of the hypervisor -- virtio-serial port --> agent
//! ```
//! The port has one host at a time, and its guest does not notice at once that a host has gone. So a
//! connection without a greeting is closed, and made again after a pause.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lazaret_protocol::{Process, Request};
use lazaret_vm::Channel;

use super::session::Session;
use super::socket;
use crate::Error;

/// Longest time for a machine to boot, and for its agent to notice that it has another host.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// Time after which a silent connection is given up for another one.
const GREETS_WITHIN: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(500);

/// A connection to an agent. Its commands end with it.
#[derive(Debug)]
pub struct Agent {
    channel: Arc<Channel>,
}

impl Agent {
    /// Connects to the agent behind the socket that a hypervisor has made for its port.
    ///
    /// # Errors
    /// [`Error::Io`] when nobody listens, [`Error::AgentSilent`], [`Error::Vm`] for an agent of
    /// another version.
    pub async fn connect(path: &Path) -> Result<Self, Error> {
        let deadline = Instant::now() + ANSWERS_WITHIN;
        loop {
            let stream = open(path).map_err(Error::io("connect to", path))?;
            let stream = tokio::net::UnixStream::from_std(stream);
            let stream = stream.map_err(Error::io("connect to", path))?;
            match Channel::connect(stream, GREETS_WITHIN).await {
                Ok((_, channel)) => {
                    return Ok(Self {
                        channel: Arc::new(channel),
                    });
                }
                Err(error @ lazaret_vm::Error::GuestMismatch { .. }) => return Err(error.into()),
                Err(error) if Instant::now() > deadline => {
                    return Err(Error::AgentSilent {
                        path: path.to_owned(),
                        source: error,
                    });
                }
                // What a command of an earlier host still wrote may come before the greeting.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Runs a command, with the user, folder and variables that it names.
    ///
    /// # Errors
    /// [`Error::Vm`] for a command that is too long.
    pub fn exec(&self, process: Process) -> Result<Session, Error> {
        Session::open(self.channel.clone(), &Request::Exec(process))
    }
}

fn open(path: &Path) -> std::io::Result<UnixStream> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(std::io::ErrorKind::InvalidInput)?;
    let stream = socket::connect_to(folder, name)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
