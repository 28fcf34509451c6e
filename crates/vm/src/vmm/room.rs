//! The folder of a running machine with its sockets, the pipe of its console and its configuration.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use lazaret_protocol::CONTROL_VSOCK_PORT;
use rustix::fs::{FileType, Mode, OFlags};

use super::paths::{CONFIGURATION, CONSOLE, VSOCK, again};
use crate::{Error, LaunchPlan};

/// Name of the folder beside the console's log.
const NAME: &str = "hypervisor";

/// The folder, which is removed with this value.
#[derive(Debug)]
pub(super) struct Room {
    path: PathBuf,
    pub(super) folder: OwnedFd,
}

impl Room {
    /// Makes the folder: in that of the machine, or in one for temporary files. What an earlier run left
    /// is removed. It blocks.
    pub(super) fn make(plan: &LaunchPlan) -> Result<Self, Error> {
        let path = match plan.console_log.as_deref().and_then(Path::parent) {
            Some(machine) => {
                let path = machine.join(NAME);
                match fs::remove_dir_all(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error::io("remove", path)(error));
                    }
                    _ => {}
                }
                let made = fs::DirBuilder::new().mode(0o700).create(&path);
                made.map_err(Error::io("create", &path))?;
                path
            }
            None => {
                let made = tempfile::Builder::new().prefix("lazaret-").tempdir();
                made.map_err(Error::io("create a folder in", std::env::temp_dir()))?
                    .keep()
            }
        };
        let folder = File::open(&path).map_err(Error::io("open", &path))?;
        Ok(Self {
            path,
            folder: folder.into(),
        })
    }

    /// Listens for the guest.
    pub(super) fn listen(&self) -> Result<UnixListener, Error> {
        let listen = || {
            let listener = UnixListener::bind(self.short(&control()))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        listen().map_err(Error::io("listen on a socket in", &self.path))
    }

    /// Takes the name of the socket away, so that nobody connects any more.
    pub(super) fn close_control(&self) {
        let _gone_with_the_folder = fs::remove_file(self.path.join(control()));
    }

    /// Makes the pipe for the console; returns the ends to read and to write.
    pub(super) fn console(&self) -> Result<(OwnedFd, OwnedFd), Error> {
        let make = || {
            let mode = Mode::RUSR | Mode::WUSR;
            rustix::fs::mknodat(&self.folder, CONSOLE, FileType::Fifo, mode, 0)?;
            let open = |flags| {
                rustix::fs::openat(
                    &self.folder,
                    CONSOLE,
                    flags | OFlags::CLOEXEC,
                    Mode::empty(),
                )
            };
            // Without a reader, there is nothing to write to.
            let reader = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
            Ok((reader, open(OFlags::WRONLY)?))
        };
        let made: rustix::io::Result<_> = make();
        made.map_err(|error| Error::io("make a pipe in", &self.path)(error.into()))
    }

    /// Writes the configuration.
    pub(super) fn configure(&self, content: &[u8]) -> Result<(), Error> {
        let path = self.path.join(CONFIGURATION);
        // No sync is needed: the file is removed with the machine.
        fs::write(&path, content).map_err(Error::io("write", &path))
    }

    /// A path of this process that fits into the address of a socket (108 bytes, unix(7)).
    fn short(&self, name: &str) -> String {
        format!("{}/{name}", again(self.folder.as_raw_fd()))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "folder not removed");
        }
    }
}

/// Name of the socket to which the hypervisor leads the guest's connection.
fn control() -> String {
    format!("{VSOCK}_{CONTROL_VSOCK_PORT}")
}
