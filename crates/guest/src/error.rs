//! The error type of the guest, and the failures that it reports to the host.

use std::io;
use std::path::PathBuf;

use lazaret_protocol::{Failure, FailureKind};
use lazaret_values::{Chain, Printable};
use thiserror::Error;

/// The result of every fallible step.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason for which the workload did not run, or the machine stops early.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// A system call failed.
    #[error("cannot {action}")]
    System {
        /// The attempted action, with its object.
        action: String,
        /// The kernel's error.
        source: io::Error,
    },
    /// There is no virtio-serial port of this name.
    #[error("no port `{name}` within {seconds} seconds (is virtio_console loaded?)")]
    NoControlPort {
        /// Name of the port.
        name: &'static str,
        /// Time limit in seconds.
        seconds: u64,
    },
    /// The host closed the control port, so that there is nothing left to do.
    #[error("the host closed the control port")]
    HostGone,
    /// The host's bytes are not valid frames.
    #[error("broken frame on the control port")]
    Frame {
        /// The rule that they break.
        source: lazaret_protocol::Error,
    },
    /// The host has another version of the protocol, or is another program.
    #[error("cannot talk to this host")]
    Greeting {
        /// The fault of its greeting.
        source: lazaret_protocol::Error,
    },
    /// The machine is already set up, which is possible only once.
    #[error("this machine is set up already")]
    BootedAlready,
    /// The machine is not set up yet, as commands require.
    #[error("this machine is not set up yet")]
    NotBooted,
    /// Some process of the machine cannot be stopped.
    #[error("some process did not stop within {seconds} seconds")]
    Restless {
        /// Time limit in seconds.
        seconds: u64,
    },
    /// The machine is not one that can be saved, or is not at rest.
    #[error("this machine is not at rest, or cannot be")]
    NotAtRest,
    /// Writes to the scratch disk are held back for another session.
    #[error("another command already reads the scratch disk of this machine")]
    FrozenAlready,
    /// The machine writes to no scratch disk.
    #[error("this machine has no scratch disk")]
    NoScratch,
    /// The workload has ended, and the machine ends with it.
    #[error("this machine is ending")]
    Ending,
    /// A field of the boot configuration has an unusable value.
    #[error("{field} `{value}` is refused: {reason}")]
    Refused {
        /// Name of the field.
        field: &'static str,
        /// Value of the field.
        value: String,
        /// The reason for refusing it.
        reason: &'static str,
    },
    /// No disk with this serial appeared.
    #[error("no disk with serial `{serial}` within {seconds} seconds")]
    NoDisk {
        /// Serial of the disk.
        serial: String,
        /// Time limit in seconds.
        seconds: u64,
    },
    /// The disk's first blocks belong to no file system that this guest mounts.
    #[error("disk `{disk}` carries no ext4 or EROFS file system")]
    UnknownFilesystem {
        /// Serial or device of the disk.
        disk: String,
    },
    /// The disk has no program that could be PID 1.
    #[error("there is no init program on the disk (tried {tried})")]
    NoInit {
        /// The paths that were tried.
        tried: String,
    },
    /// No network interface appeared.
    #[error("no network interface `{name}` within {seconds} seconds")]
    NoInterface {
        /// Name of the interface.
        name: String,
        /// Time limit in seconds.
        seconds: u64,
    },
    /// A program of the image failed.
    #[error("`{command}` failed: {status}")]
    CommandFailed {
        /// The program with its arguments.
        command: String,
        /// Its exit status.
        status: String,
    },
    /// No terminal can be made for a command.
    #[error("there are no pseudoterminals (is devpts mounted on /dev/pts?)")]
    NoTerminals {
        /// The kernel's error.
        source: io::Error,
    },
    /// The host's request does not parse.
    #[error("the request is not understood")]
    Request {
        /// The position and the reason.
        source: serde_json::Error,
    },
    /// The mount point and the artifact are of different types.
    #[error("cannot mount the {source_type} `{origin}` on `{target}`: the image has {found} there")]
    MountType {
        /// Type of the artifact: `file` or `folder`.
        source_type: &'static str,
        /// Path of the artifact on its disk.
        origin: String,
        /// The path in the workload's root.
        target: String,
        /// Type of the object at that path in the image.
        found: &'static str,
    },
    /// A symbolic link of the image leads to a missing file.
    #[error("cannot mount on `{target}`: a symbolic link of the image on the way leads nowhere")]
    DanglingLink {
        /// The path in the workload's root.
        target: String,
    },
    /// The image's `/etc/passwd` does not have the user.
    #[error("user `{name}` is not in the image's /etc/passwd")]
    UnknownUser {
        /// The requested name.
        name: String,
    },
    /// The image's `/etc/group` does not have the group.
    #[error("group `{name}` is not in the image's /etc/group")]
    UnknownGroup {
        /// The requested name.
        name: String,
    },
    /// There is no such command.
    #[error("command `{command}` was not found{place}")]
    NotFound {
        /// The command as the user gave it.
        command: String,
        /// The place that was searched.
        place: String,
    },
    /// The command exists but cannot run here.
    #[error("command `{path}` cannot be run: {reason}")]
    NotExecutable {
        /// Its path in the image.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl Error {
    /// The failure that is reported to the host.
    pub(crate) fn failure(&self) -> Failure {
        let kind = match self {
            Self::NotFound { .. } => FailureKind::NotFound,
            Self::NotExecutable { .. } => FailureKind::NotExecutable,
            _ => FailureKind::Machine,
        };
        Failure {
            kind,
            message: one_line(self),
        }
    }
}

/// The error and its causes as one line, cut so that it always fits a frame.
pub(crate) fn one_line(error: &dyn std::error::Error) -> String {
    let line = Chain(error).to_string();
    Printable::new(&line).within(4096).to_string()
}

/// Adds the attempted action to the error of a system call.
pub(crate) trait Context<T> {
    /// `action` completes the sentence "cannot ...".
    fn context(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::System {
            action: action(),
            source: source.into(),
        })
    }
}
