//! A QEMU process that ends with this one.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, pidfd_open, pidfd_send_signal,
    set_parent_process_death_signal,
};
use tokio::sync::{oneshot, watch};

use super::console::TAIL_BYTES;
use super::tail::Tail;

/// Number of bytes of QEMU's standard error that are kept.
const STDERR_BYTES: usize = 16 * 1024;
/// Number of lines of the guest's console that are shown.
const CONSOLE_LINES: usize = 20;

/// The diagnostic output of a machine. It remains usable after the machine has ended.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    stderr: Tail,
    pub(super) console: Tail,
}

impl Diagnostics {
    /// The end of QEMU's standard error.
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

/// A started process. A dedicated thread starts, watches and reaps it: the kernel ends QEMU
/// when the *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG).
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// Identifies the process even when its id is reused.
    handle: OwnedFd,
    status: watch::Receiver<Option<ExitStatus>>,
    pub(super) diagnostics: Diagnostics,
}

impl Process {
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends SIGKILL; does nothing if the process has ended.
    pub(super) fn kill(&self) {
        match pidfd_send_signal(&self.handle, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => tracing::warn!(pid = self.pid(), %error, "QEMU not killed"),
        }
    }

    /// Waits for the end. It may be cancelled and called again.
    pub(super) async fn wait(&self) -> ExitStatus {
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

/// Starts `program`. It inherits `descriptors` under the numbers they have, and nothing else: no other
/// descriptor and no environment, where callers and users keep secrets.
pub(super) async fn start(
    program: &Path,
    arguments: &[OsString],
    descriptors: Vec<OwnedFd>,
) -> io::Result<Process> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // A process group of its own: Ctrl-C on the terminal is for the workload, not for QEMU.
        .process_group(0);
    bind_to_parent(&mut command, descriptors);
    let (started, outcome) = oneshot::channel();
    let supervise = move || supervise(command, started);
    thread::Builder::new()
        .name("qemu".to_owned())
        .spawn(supervise)?;
    outcome
        .await
        .map_err(|_| io::Error::other("its thread ended"))?
}

fn supervise(mut command: Command, started: oneshot::Sender<io::Result<Process>>) {
    let spawned = command.spawn().and_then(with_handle);
    // Our copies of the descriptors are dropped with it; while they are open, QEMU's closing of its
    // ends is not noticed.
    drop(command);
    let (ended, status) = watch::channel(None);
    let diagnostics = Diagnostics {
        stderr: Tail::new(STDERR_BYTES),
        console: Tail::new(TAIL_BYTES),
    };
    let stderr = diagnostics.stderr.clone();
    let mut child = match spawned {
        Ok((child, pid, handle)) => {
            // If the receiver is gone, the process is dropped, and thereby killed.
            let _ = started.send(Ok(Process {
                pid,
                handle,
                status,
                diagnostics,
            }));
            child
        }
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    keep_tail(&mut child, &stderr);
    let status = child.wait().unwrap_or_else(|error| {
        tracing::warn!(%error, "status of QEMU not learnt");
        unknown()
    });
    ended.send_replace(Some(status));
}

fn with_handle(mut child: Child) -> io::Result<(Child, Pid, OwnedFd)> {
    let pid = Pid::from_child(&child);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => Ok((child, pid, handle)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
        }
    }
}

/// A replacement for a status that could not be determined: not a success.
fn unknown() -> ExitStatus {
    ExitStatus::from_raw(255 << 8)
}

/// Lets the child keep `inherited`, and makes the kernel kill it when its parent thread ends.
#[allow(unsafe_code)]
fn bind_to_parent(command: &mut Command, inherited: Vec<OwnedFd>) {
    let parent = getpid();
    let descriptors = highest_descriptor();
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have ended before the line above took effect.
        if getppid() != Some(parent) {
            return Err(Errno::SRCH.into());
        }
        // What this process inherited without close-on-exec would go on to QEMU.
        for number in 3..=descriptors {
            // SAFETY: a number that is closed, or closed meanwhile, is refused by the kernel
            // (EBADF); nothing is read or closed through it.
            let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
            let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
        }
        for descriptor in &inherited {
            fcntl_setfd(descriptor, FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec only the system calls prctl, getppid and fcntl are made,
    // which are async-signal-safe; the closure takes no lock and allocates nothing, its errors
    // being plain numbers. `command` owns the descriptors, so they are open when it spawns.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// The highest number of an open descriptor.
fn highest_descriptor() -> RawFd {
    let names = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    let numbers = names.filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok());
    // Without /proc: what a process may open by default.
    numbers.max().unwrap_or(1024)
}

/// Reads standard error to its end and keeps the last part.
fn keep_tail(child: &mut Child, tail: &Tail) {
    let Some(mut stderr) = child.stderr.take() else {
        return;
    };
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut buffer) {
        tail.push(&buffer[..length]);
    }
}
