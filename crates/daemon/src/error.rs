//! Why the daemon cannot serve.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The reason that the daemon cannot serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process serves there.
    #[error("a daemon already serves '{}'{}", path.display(), describe(*.process))]
    Taken {
        /// The socket.
        path: PathBuf,
        /// The id of that process, if it is known.
        process: Option<i32>,
    },
    /// What is there is no socket of this user.
    #[error("'{}' is not a socket of this user, and is left alone", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
    },
    /// What the service manager has passed is no socket to listen on.
    #[error("the file that was passed to be listened on is no listening UNIX socket")]
    Inherited,
    /// The operating system refuses the socket.
    #[error("failed to {action} '{}'", path.display())]
    Io {
        /// What was tried, which completes "failed to ...".
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

fn describe(id: Option<i32>) -> String {
    id.map_or_else(String::new, |id| format!(" (process {id})"))
}
