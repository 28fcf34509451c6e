//! Everything that can go wrong, and what the host is told about it.

use std::io;
use std::path::PathBuf;

use lazaret_protocol::{Failure, FailureKind};
use lazaret_values::{Chain, Printable};
use thiserror::Error;

/// The result of every fallible step.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the workload did not run, or why the machine stops early.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// A system call failed.
    #[error("cannot {action}")]
    System {
        /// What was attempted, on which object.
        action: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// No virtio-serial port carries the control channel's name.
    #[error("no control port `{name}` within {seconds} seconds (is virtio_console loaded?)")]
    NoControlPort {
        /// The name searched for.
        name: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The host closed the control port: nobody is left to work for.
    #[error("the host closed the control port")]
    HostGone,
    /// The host's bytes are not frames.
    #[error("broken frame on the control port")]
    Frame {
        /// What is wrong with them.
        source: lazaret_protocol::Error,
    },
    /// The host is of another build, or no host of ours.
    #[error("cannot talk to this host")]
    Greeting {
        /// What it said.
        source: lazaret_protocol::Error,
    },
    /// A machine is set up once.
    #[error("this machine is set up already")]
    BootedAlready,
    /// A command needs a machine that is set up.
    #[error("this machine is not set up yet")]
    NotBooted,
    /// The workload has ended, and the machine with it.
    #[error("this machine is ending")]
    Ending,
    /// A field of the boot configuration has a value that cannot be used.
    #[error("{field} `{value}` is refused: {reason}")]
    Refused {
        /// Which field.
        field: &'static str,
        /// What it said.
        value: String,
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// No disk with this serial appeared.
    #[error("no disk with serial `{serial}` within {seconds} seconds")]
    NoDisk {
        /// The serial searched for.
        serial: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The disk's first blocks are of no file system that this guest mounts.
    #[error("disk `{disk}` carries no ext4 or EROFS file system")]
    UnknownFilesystem {
        /// Serial or device of the disk.
        disk: String,
    },
    /// The disk has nothing that could be PID 1.
    #[error("there is no init program on the disk (tried {tried})")]
    NoInit {
        /// Where it was searched for.
        tried: String,
    },
    /// No network interface appeared.
    #[error("no network interface `{name}` within {seconds} seconds")]
    NoInterface {
        /// The name searched for.
        name: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A program of the image failed.
    #[error("`{command}` failed: {status}")]
    CommandFailed {
        /// The program and its arguments.
        command: String,
        /// How it ended.
        status: String,
    },
    /// The host asks for something that does not parse.
    #[error("the request is not understood")]
    Request {
        /// Where and why.
        source: serde_json::Error,
    },
    /// A mount point and what is mounted there are of different types.
    #[error("cannot mount the {source_type} `{origin}` on `{target}`: the image has {found} there")]
    MountType {
        /// `file` or `folder`.
        source_type: &'static str,
        /// The artifact's path on its disk.
        origin: String,
        /// The path in the workload's root.
        target: String,
        /// What the image has at that path.
        found: &'static str,
    },
    /// A symbolic link of the image leads to something that is not there.
    #[error("cannot mount on `{target}`: a symbolic link of the image on the way leads nowhere")]
    DanglingLink {
        /// The path in the workload's root.
        target: String,
    },
    /// The image's `/etc/passwd` does not know the user.
    #[error("user `{name}` is not in the image's /etc/passwd")]
    UnknownUser {
        /// The name asked for.
        name: String,
    },
    /// The image's `/etc/group` does not know the group.
    #[error("group `{name}` is not in the image's /etc/group")]
    UnknownGroup {
        /// The name asked for.
        name: String,
    },
    /// There is no such command.
    #[error("command `{command}` was not found{place}")]
    NotFound {
        /// As given by the user.
        command: String,
        /// Where it was searched for.
        place: String,
    },
    /// The command exists but is no program that can run here.
    #[error("command `{path}` cannot be run: {reason}")]
    NotExecutable {
        /// Its path in the image.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// What the host is told.
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

/// The error and its causes as one line, bounded so that it always fits a frame.
pub(crate) fn one_line(error: &dyn std::error::Error) -> String {
    let line = Chain(error).to_string();
    Printable::new(&line).within(4096).to_string()
}

/// Names what was attempted when a system call fails.
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
