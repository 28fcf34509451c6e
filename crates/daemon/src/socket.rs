//! The socket that the daemon listens on.
//!
//! ```text
//! api.sock         mode 0600; appears by a rename, when it already listens
//! api.sock.lock    flock held by the daemon that serves; stays
//! ```
//! With the lock, whatever is at the path is of a daemon that has ended, or of somebody else. It is
//! replaced only if nobody listens and it is a socket of this user.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};

use crate::error::Error;

/// Number of connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A listening socket. If it was made here, it is removed with this value.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    own: Option<Own>,
}

/// A socket that this process has made.
#[derive(Debug)]
struct Own {
    path: PathBuf,
    /// Nobody else replaces the socket before this is dropped.
    _lock: File,
}

impl Socket {
    /// Listens at a path, whose folder is made if it is missing.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Foreign`], [`Error::Io`].
    pub fn bind(path: &Path) -> Result<Self, Error> {
        let failed = |action| {
            move |source: io::Error| Error::Io {
                action,
                path: path.to_owned(),
                source,
            }
        };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(failed("create the folder of"))?;
        }
        let lock = beside(path, ".lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(lock);
        let lock = lock.map_err(failed("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(path)),
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        refuse_foreign(path)?;
        // One that was killed may have left it; what is no socket of ours is no leftover.
        let new = beside(path, ".new");
        refuse_foreign(&new)?;
        let _left = fs::remove_file(&new);
        let listener = listen(&new).map_err(failed("listen on"))?;
        fs::rename(&new, path).map_err(failed("listen on"))?;
        Ok(Self {
            listener,
            own: Some(Own {
                path: path.to_owned(),
                _lock: lock,
            }),
        })
    }

    /// Takes a socket that the service manager listens on.
    ///
    /// # Errors
    /// [`Error::Inherited`].
    pub fn inherited(socket: OwnedFd) -> Result<Self, Error> {
        let fd = socket.as_fd();
        let is_ours = sockopt::socket_domain(fd).is_ok_and(|domain| domain == AddressFamily::UNIX)
            && sockopt::socket_type(fd).is_ok_and(|kind| kind == SocketType::STREAM)
            && sockopt::socket_acceptconn(fd).unwrap_or(false);
        match is_ours {
            true => Ok(Self {
                listener: socket.into(),
                own: None,
            }),
            false => Err(Error::Inherited),
        }
    }

    /// Where it is, as `unix:PATH`.
    #[must_use]
    pub fn address(&self) -> String {
        let inherited = || self.listener.local_addr().ok();
        let path = match &self.own {
            Some(own) => Some(own.path.clone()),
            None => inherited().and_then(|address| address.as_pathname().map(Path::to_owned)),
        };
        format!("unix:{}", path.unwrap_or_default().display())
    }

    /// The listener, for the runtime.
    pub(crate) fn listener(&self) -> io::Result<UnixListener> {
        let listener = self.listener.try_clone()?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }
}

/// Listens at a new path with mode 0600 from the first moment on, which `bind` takes from the socket.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// Refuses a path where somebody listens, or where something else is.
fn refuse_foreign(path: &Path) -> Result<(), Error> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::Io {
                action: "look at",
                path: path.to_owned(),
                source,
            });
        }
    };
    let user = rustix::process::geteuid().as_raw();
    if !found.file_type().is_socket() || found.uid() != user {
        return Err(Error::Foreign {
            path: path.to_owned(),
        });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        _ => Err(taken(path)),
    }
}

/// The error for a path where another process listens.
fn taken(path: &Path) -> Error {
    let process = UnixStream::connect(path).ok().and_then(|stream| {
        let peer = sockopt::socket_peercred(&stream).ok()?;
        Some(peer.pid.as_raw_nonzero().get())
    });
    Error::Taken {
        path: path.to_owned(),
        process,
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
