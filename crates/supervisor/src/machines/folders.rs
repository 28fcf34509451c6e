//! The process that serves a machine the folders of the host that it has.
//!
//! It is this program again, in a role of its own, and has the other end of a stream of QEMU's: it ends
//! when the machine does.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use lazaret_vm::JailMode;
use tokio::process::{Child, Command};

use super::record::FolderUse;
use crate::Error;

/// A server that runs. It is killed when this value is dropped.
#[derive(Debug)]
pub(super) struct Server {
    _process: Child,
}

/// Looks for the folders of a machine that is to be started.
///
/// # Errors
/// [`Error::HostFolder`] when one is no longer there, or has become something else.
pub(crate) fn check_there(folders: &[FolderUse]) -> Result<(), Error> {
    for folder in folders {
        let found = lazaret_folders::look(&folder.source)?;
        if found.is_file != folder.is_file {
            return Err(Error::HostFolder(lazaret_folders::Error::Kind {
                path: folder.source.clone(),
                kind: match found.is_file {
                    true => "a file by now",
                    false => "a folder by now",
                },
            }));
        }
    }
    Ok(())
}

/// Starts the server; returns the stream for QEMU. Without folders there is none.
pub(super) fn serve(
    command: &[OsString],
    folders: &[FolderUse],
    jail: JailMode,
) -> Result<Option<(OwnedFd, Server)>, Error> {
    let [program, arguments @ ..] = command else {
        return Ok(None);
    };
    if folders.is_empty() {
        return Ok(None);
    }
    check_there(folders)?;
    let failed = |source| Error::Io {
        action: "start the server of the host's folders".to_owned(),
        source,
    };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut server = Command::new(program);
    server.args(arguments);
    if jail == JailMode::Require {
        server.arg("--strictly");
    }
    for folder in folders {
        let mut argument = OsString::from(if folder.read_only { "ro:" } else { "rw:" });
        argument.push(&folder.source);
        server.arg(argument);
    }
    server
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let process = server.spawn().map_err(failed)?;
    Ok(Some((ours.into(), Server { _process: process })))
}
