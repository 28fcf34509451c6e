//! Makes the process of a program, in its jail.
//!
//! The standard library's way knows no namespaces, so this is its equivalent over clone3(2): a copy of
//! this process that changes itself by system calls alone and executes the program. It tells the result
//! over a pipe that the kernel closes when the program is executed.

use std::ffi::{CString, OsString, c_char};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitStatus;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, pidfd_open, set_parent_process_death_signal,
    setpgid, waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use crate::jail::{Cell, Group, Jail, Outcome, enter};

/// `CLONE_INTO_CGROUP` of clone3(2).
const INTO_GROUP: u64 = 1 << 33;

/// A process that was started and has to be waited for by the thread that started it.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: Pid,
    /// Identifies the process even when its number is used again.
    pub(super) handle: OwnedFd,
    /// What it writes to standard error.
    pub(super) stderr: File,
    /// What it is confined by.
    pub(super) jail: Jail,
    /// Removed when the process has ended.
    _group: Option<Group>,
}

/// Why there is no process.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A system call failed.
    Io(io::Error),
    /// A part of the jail is missing, and all are required.
    Jail(Jail),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// Everything that the process needs before it is another program.
struct Start {
    program: CString,
    /// Pointers to the arguments, and one to nothing at their end.
    arguments: Vec<*const c_char>,
    cell: Cell,
    inherited: Vec<OwnedFd>,
    nothing: File,
    stdout: Option<OwnedFd>,
    stderr: OwnedFd,
    report: OwnedFd,
    /// This process, which the new one ends with.
    parent: OwnedFd,
    /// The highest number of an open descriptor.
    highest: RawFd,
}

impl Child {
    /// Starts a program that ends with the calling thread. It has `inherited` under the numbers that they
    /// have, and nothing else of this process: no descriptor, no variable. Its standard input is empty.
    pub(super) fn start(
        arguments: &[OsString],
        inherited: Vec<OwnedFd>,
        stdout: Option<OwnedFd>,
        cell: Cell,
    ) -> Result<Self, Refusal> {
        let text = |text: &std::ffi::OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
        let program = text(cell.program().as_os_str())?;
        let arguments = arguments.iter().map(|argument| text(argument));
        let arguments = arguments.collect::<io::Result<Vec<_>>>()?;
        let pointers = [program.as_ptr()].into_iter();
        let pointers = pointers.chain(arguments.iter().map(|argument| argument.as_ptr()));
        let (stderr, stderr_end) = pipe_with(PipeFlags::CLOEXEC)?;
        let (report, report_end) = pipe_with(PipeFlags::CLOEXEC)?;
        let mut start = Start {
            arguments: pointers.chain([std::ptr::null()]).collect(),
            program,
            cell,
            inherited,
            nothing: File::options().read(true).write(true).open("/dev/null")?,
            stdout,
            stderr: stderr_end,
            report: report_end,
            parent: pidfd_open(getpid(), PidfdFlags::empty())?,
            highest: highest_descriptor(),
        };
        let mut made = clone(&mut start);
        if made.is_err() && start.cell.take_group().is_some() {
            made = clone(&mut start);
        }
        let (pid, handle) = match made {
            Err(error) if start.cell.born_in() != 0 => {
                start.cell.lose_namespaces(error);
                clone(&mut start)?
            }
            made => made?,
        };
        let Start {
            mut cell,
            report: end,
            ..
        } = start;
        drop(end);
        let (outcome, error) = hear(report.into())?;
        let jail = match (outcome, error) {
            (Some(outcome), _) if cell.refuses(&outcome) => {
                Err(Refusal::Jail(cell.report(outcome)))
            }
            (Some(outcome), None) => Ok(cell.report(outcome)),
            (_, Some(error)) => Err(error.into()),
            (None, None) => Err(io::Error::other("it ended before it was executed").into()),
        };
        match jail {
            Ok(jail) => Ok(Self {
                pid,
                handle,
                stderr: stderr.into(),
                jail,
                _group: cell.take_group(),
            }),
            Err(refusal) => {
                // It has ended, or does so in a moment.
                wait(pid)?;
                Err(refusal)
            }
        }
    }

    /// Waits for its end. Only the first call may succeed.
    pub(super) fn wait(&self) -> io::Result<ExitStatus> {
        wait(self.pid)
    }
}

fn wait(pid: Pid) -> io::Result<ExitStatus> {
    use std::os::unix::process::ExitStatusExt as _;
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(ExitStatus::from_raw(status.as_raw())),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What the process says of its jail, if it got so far, and why it has not become the program.
fn hear(mut report: File) -> io::Result<(Option<Outcome>, Option<io::Error>)> {
    let mut told = Vec::new();
    report.read_to_end(&mut told)?;
    let (outcome, rest) = match told.split_first_chunk::<{ Outcome::BYTES }>() {
        Some((outcome, rest)) => (Some(Outcome::decode(outcome)), rest),
        None => (None, &told[..]),
    };
    let error = rest.try_into().ok().map(i32::from_ne_bytes);
    Ok((outcome, error.map(io::Error::from_raw_os_error)))
}

/// Copies this process; the copy becomes the program and never returns.
#[allow(unsafe_code)]
fn clone(start: &mut Start) -> Result<(Pid, OwnedFd), Errno> {
    let mut handle: RawFd = -1;
    // SAFETY: all members are numbers, for which 0 means nothing.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = u64::from(libc::CLONE_PIDFD.cast_unsigned()) | start.cell.born_in();
    arguments.pidfd = std::ptr::from_mut(&mut handle).expose_provenance() as u64;
    if let Some(group) = start.cell.group() {
        arguments.flags |= INTO_GROUP;
        arguments.cgroup = u64::from(group.folder.as_raw_fd().cast_unsigned());
    }
    arguments.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    // SAFETY: without CLONE_VM the call is a fork: the new process has copies of all memory. It makes
    // system calls only (`Start::become_program`), takes no lock, allocates nothing, and ends with execve
    // or _exit, so it never sees what the threads that were not copied left unfinished.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            std::ptr::from_mut(&mut arguments),
            size_of::<libc::clone_args>(),
        )
    };
    match i32::try_from(pid) {
        Ok(0) => {
            let error = start.become_program();
            let _nobody_listens = write(&start.report, &error.raw_os_error().to_ne_bytes());
            // SAFETY: it ends the process and runs nothing of this program's.
            unsafe { libc::_exit(127) }
        }
        Ok(pid) if pid > 0 => {
            // SAFETY: the kernel made this descriptor for us, and nobody else has it.
            let handle = unsafe { OwnedFd::from_raw_fd(handle) };
            Ok((Pid::from_raw(pid).ok_or(Errno::SRCH)?, handle))
        }
        _ => Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}

impl Start {
    /// Changes the process and executes the program; returns why that is impossible.
    fn become_program(&mut self) -> Errno {
        match self.prepare() {
            Ok(()) => self.execute(),
            Err(error) => error,
        }
    }

    fn prepare(&mut self) -> Result<(), Errno> {
        self.end_with_parent()?;
        // A group of its own: Ctrl-C on the terminal is for the workload.
        setpgid(None, None)?;
        dup2_stdin(&self.nothing)?;
        match &self.stdout {
            Some(stdout) => dup2_stdout(stdout)?,
            None => dup2_stdout(&self.nothing)?,
        }
        dup2_stderr(&self.stderr)?;
        reset_signals();
        let outcome = enter(&mut self.cell);
        // Another user is another death: the kernel forgets the signal.
        self.end_with_parent()?;
        keep_only(&self.inherited, self.highest)?;
        write(&self.report, &outcome.encode())?;
        match self.cell.refuses(&outcome) {
            true => Err(Errno::PERM),
            false => Ok(()),
        }
    }

    /// Ends this process with its parent, which may have ended already.
    fn end_with_parent(&self) -> Result<(), Errno> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let mut parent = [PollFd::new(&self.parent, PollFlags::IN)];
        match poll(&mut parent, Some(&Timespec::default()))? {
            0 => Ok(()),
            _ => Err(Errno::SRCH),
        }
    }

    #[allow(unsafe_code)]
    fn execute(&self) -> Errno {
        let environment = [std::ptr::null()];
        // SAFETY: the path and each argument end with 0, and the lists with a pointer to nothing; what they
        // point to is owned by the caller, in this process's copy of the memory.
        unsafe {
            libc::execve(
                self.program.as_ptr(),
                self.arguments.as_ptr(),
                environment.as_ptr(),
            )
        };
        Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
    }
}

/// Has the kernel close all descriptors but these and the standard streams.
#[allow(unsafe_code)]
fn keep_only(inherited: &[OwnedFd], highest: RawFd) -> Result<(), Errno> {
    // SAFETY: the call takes numbers; descriptors are marked and not closed.
    let marked = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3_u32,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    // Kernels before 5.11 do not know it.
    for number in 3..=if marked == 0 { 0 } else { highest } {
        // SAFETY: a number that is closed is refused by the kernel (EBADF); nothing is read or closed
        // through it.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _closed = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
    for descriptor in inherited {
        fcntl_setfd(descriptor, FdFlags::empty())?;
    }
    Ok(())
}

/// The highest number of an open descriptor.
fn highest_descriptor() -> RawFd {
    let names = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    let numbers = names.filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok());
    // Without /proc: what a process may open by default.
    numbers.max().unwrap_or(1024)
}

/// The program finds its signals as any other one does.
#[allow(unsafe_code)]
fn reset_signals() {
    // SAFETY: both calls are async-signal-safe; the set is initialized by the first of them.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}
