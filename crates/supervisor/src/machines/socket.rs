//! The socket in a machine's folder, on which its holder answers.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

const NAME: &str = "socket";

/// The path of the socket.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Listens on the socket of a machine's folder.
pub(super) fn listen(folder: &Path) -> io::Result<UnixListener> {
    listen_at(folder, NAME)
}

/// Connects to the holder of the machine in a folder.
pub(super) fn connect(folder: &Path) -> io::Result<UnixStream> {
    connect_to(folder, NAME)
}

/// Listens on a socket of this name. One that an earlier process left is replaced.
pub(super) fn listen_at(folder: &Path, name: &str) -> io::Result<UnixListener> {
    let _absent = std::fs::remove_file(folder.join(name));
    by_short_path(folder, name, |path| UnixListener::bind(path))
}

/// Connects to the socket of this name.
pub(super) fn connect_to(folder: &Path, name: &str) -> io::Result<UnixStream> {
    by_short_path(folder, name, |path| UnixStream::connect(path))
}

/// Calls `act` with a path that is short enough for the address of a socket (108 bytes, unix(7)),
/// however long the folder's is.
fn by_short_path<T>(
    folder: &Path,
    name: &str,
    act: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let folder = std::fs::File::open(folder)?;
    act(&Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(name))
}
