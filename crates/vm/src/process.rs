//! A hypervisor's process, which ends with this one; what it writes, and what confines it.
//!
//! * `spawn`: how the process is made
//! * `console`, `tail`: what is kept of the guest's console and of standard error

pub(crate) mod console;
mod spawn;
pub(crate) mod tail;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, pidfd_send_signal};
use tokio::sync::{oneshot, watch};

use self::console::TAIL_BYTES;
use self::spawn::Child;
pub(crate) use self::spawn::Refusal;
use self::tail::Tail;
use crate::jail::{Cell, Jail};

/// Number of bytes of standard error that are kept.
const STDERR_BYTES: usize = 16 * 1024;
/// Number of lines of the guest's console that are shown.
const CONSOLE_LINES: usize = 20;

/// The diagnostic output of a machine. It remains usable after the machine has ended.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    stderr: Tail,
    pub(crate) console: Tail,
}

impl Diagnostics {
    /// The end of the hypervisor's standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.lines(usize::MAX)
    }

    /// The last lines of the guest's console.
    #[must_use]
    pub fn console(&self) -> String {
        self.console.lines(CONSOLE_LINES)
    }

    /// Number of bytes that the guest has written to its console.
    #[must_use]
    pub fn console_bytes(&self) -> u64 {
        self.console.total()
    }
}

/// A started process. A dedicated thread starts, watches and reaps it: the kernel ends it
/// when the *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG).
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Identifies the process even when its id is reused.
    handle: OwnedFd,
    status: watch::Receiver<Option<ExitStatus>>,
    pub(crate) diagnostics: Diagnostics,
    /// What it is confined by.
    pub(crate) jail: Jail,
}

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends SIGKILL; does nothing if the process has ended.
    pub(crate) fn kill(&self) {
        match pidfd_send_signal(&self.handle, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => tracing::warn!(pid = self.pid(), %error, "hypervisor not killed"),
        }
    }

    /// Waits for the end. It may be cancelled and called again.
    pub(crate) async fn wait(&self) -> ExitStatus {
        let mut status = self.status.clone();
        let status = status
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status);
        status.unwrap_or_else(unknown)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a program in its jail. It inherits `descriptors` under the numbers they have, and nothing else: no
/// other descriptor and no environment, where callers and users keep secrets. Its standard output goes to
/// `stdout`, or nowhere.
pub(crate) async fn start(
    arguments: Vec<OsString>,
    descriptors: Vec<OwnedFd>,
    stdout: Option<OwnedFd>,
    cell: Cell,
) -> Result<Process, Refusal> {
    let (started, outcome) = oneshot::channel();
    let supervise = move || {
        let child = Child::start(&arguments, descriptors, stdout, cell);
        supervise(child, started);
    };
    thread::Builder::new()
        .name("hypervisor".to_owned())
        .spawn(supervise)?;
    outcome
        .await
        .map_err(|_| Refusal::Io(io::Error::other("its thread ended")))?
}

fn supervise(child: Result<Child, Refusal>, started: oneshot::Sender<Result<Process, Refusal>>) {
    let (ended, status) = watch::channel(None);
    let diagnostics = Diagnostics {
        stderr: Tail::new(STDERR_BYTES),
        console: Tail::new(TAIL_BYTES),
    };
    let stderr = diagnostics.stderr.clone();
    let process = child.and_then(|child| {
        let process = Process {
            pid: child.pid,
            handle: child.handle.try_clone()?,
            status,
            diagnostics,
            jail: child.jail.clone(),
        };
        Ok((process, child))
    });
    let mut child = match process {
        Ok((process, child)) => {
            // If the receiver is gone, the process is dropped, and thereby killed.
            let _ = started.send(Ok(process));
            child
        }
        Err(refusal) => {
            let _ = started.send(Err(refusal));
            return;
        }
    };
    keep_tail(&mut child.stderr, &stderr);
    let status = child.wait().unwrap_or_else(|error| {
        tracing::warn!(%error, "status of the hypervisor not learnt");
        unknown()
    });
    ended.send_replace(Some(status));
}

/// A replacement for a status that could not be determined: not a success.
fn unknown() -> ExitStatus {
    ExitStatus::from_raw(255 << 8)
}

/// Reads standard error to its end and keeps the last part.
fn keep_tail(stderr: &mut File, tail: &Tail) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut buffer) {
        tail.push(&buffer[..length]);
    }
}
