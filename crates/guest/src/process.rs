//! Starts commands, the workload among them.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lazaret_protocol::{CopyRequest, Process};
use rustix::fs::OFlags;
use rustix::io::FdFlags;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{Gid, Pid, PidfdFlags, Uid};
use rustix::thread::UnshareFlags;

use crate::capabilities::Limit;
use crate::error::{Context as _, Error, Result};
use crate::init::ITSELF;
use crate::program;
use crate::terminal::Terminal;
use crate::user::{self, User};

/// Type of a command's terminal when its environment names none.
const DEFAULT_TERM: &str = "xterm";

/// A running command, and this side's ends of its pipes or of its terminal, all non-blocking.
#[derive(Debug)]
pub(crate) struct Workload {
    /// Its first process: leader of its session and process group.
    pub(crate) main: Pid,
    /// Whether that is PID 1 of a PID namespace.
    pub(crate) is_init: bool,
    /// Readable once the first process has ended.
    pub(crate) ended: OwnedFd,
    /// Write end of its standard input, or the master of its terminal.
    pub(crate) stdin: OwnedFd,
    /// Read end of its standard output, or the master of its terminal.
    pub(crate) stdout: OwnedFd,
    /// Read end of its standard error; `None` with a terminal.
    pub(crate) stderr: Option<OwnedFd>,
    /// The slave of its terminal, if it has one. As long as this is open, the terminal is not hung up
    /// even if the command closes its own.
    pub(crate) slave: Option<OwnedFd>,
}

/// Starts the workload in the current root, as PID 1 of a PID namespace that later commands join.
/// So the programs that insist on being PID 1 run, such as s6-overlay and systemd, and a
/// workload that stops "the machine" ends itself, which its parent notices.
pub(crate) fn launch_init(process: &Process) -> Result<Workload> {
    begin_namespace().context(|| "make a PID namespace".to_owned())?;
    start(process, true)
}

/// Starts a command in the current root.
pub(crate) fn launch(process: &Process) -> Result<Workload> {
    start(process, false)
}

/// Starts this program again, to copy files in the current root.
pub(crate) fn launch_copy(request: &CopyRequest) -> Result<Workload> {
    let request = serde_json::to_string(request).map_err(|source| Error::Request { source })?;
    spawn(
        itself(&["copy", &request]),
        None,
        &User::root(),
        false,
        None,
    )
}

/// Starts this program again, to list the processes.
pub(crate) fn launch_list() -> Result<Workload> {
    spawn(itself(&["processes"]), None, &User::root(), false, None)
}

/// Starts this program again, to hold writes to this file system back.
#[allow(unsafe_code)]
pub(crate) fn launch_freeze(root: OwnedFd) -> Result<Workload> {
    let mut launcher = itself(&["freeze", &root.as_raw_fd().to_string()]);
    let hand_over = move || Ok(rustix::io::fcntl_setfd(&root, FdFlags::empty())?);
    // SAFETY: the closure makes one system call, and neither allocates nor takes locks.
    unsafe { launcher.pre_exec(hand_over) };
    spawn(launcher, None, &User::root(), false, None)
}

/// This program, in another role.
fn itself(arguments: &[&str]) -> Command {
    let mut launcher = Command::new(ITSELF);
    launcher
        .arg0("lazaret-agent")
        .args(arguments)
        .env_clear()
        .current_dir("/");
    launcher
}

fn start(process: &Process, is_init: bool) -> Result<Workload> {
    let user = user::resolve(
        &process.user,
        &text_of("/etc/passwd"),
        &text_of("/etc/group"),
    )?;
    let working_dir = enter_able(&process.working_dir)?;
    let environment = environment(process, &user)?;
    let path = environment
        .iter()
        .rfind(|(name, _)| *name == "PATH")
        .map(|(_, value)| *value);
    let [command, arguments @ ..] = process.argv.as_slice() else {
        return Err(Error::Refused {
            field: "command",
            value: String::new(),
            reason: "there is none",
        });
    };
    let program = program::find(command, path, &working_dir)?;

    let mut launcher = Command::new(&program);
    launcher
        .arg0(command)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(&working_dir);
    let terminal = match process.terminal {
        Some(size) => Some(Terminal::open(size, Uid::from_raw(user.uid))?),
        None => None,
    };
    spawn(launcher, terminal, &user, is_init, process.capabilities)
}

/// Starts a command with its terminal or with pipes, as this user.
fn spawn(
    mut launcher: Command,
    terminal: Option<Terminal>,
    user: &User,
    is_init: bool,
    capabilities: Option<u64>,
) -> Result<Workload> {
    let end = || match &terminal {
        Some(terminal) => copy(&terminal.slave).map(Stdio::from),
        None => Ok(Stdio::piped()),
    };
    launcher.stdin(end()?).stdout(end()?).stderr(end()?);
    let limit = capabilities.map(Limit::to);
    become_user(&mut launcher, user, is_init, terminal.is_some(), limit);
    let started = launcher.spawn();
    let mut child = started.map_err(|error| explain(error, Path::new(launcher.get_program())))?;
    let main = Pid::from_child(&child);
    let ended = rustix::process::pidfd_open(main, PidfdFlags::empty())
        .context(|| "watch the workload".to_owned())?;
    let (stdin, stdout, stderr, slave) = match terminal {
        Some(Terminal { master, slave }) => (copy(&master)?, master, None, Some(slave)),
        None => (
            pipe(child.stdin.take(), user)?,
            pipe(child.stdout.take(), user)?,
            Some(pipe(child.stderr.take(), user)?),
            None,
        ),
    };
    Ok(Workload {
        main,
        is_init,
        ended,
        stdin,
        stdout,
        stderr,
        slave,
    })
}

/// Another descriptor of an end of a terminal.
fn copy(end: &OwnedFd) -> Result<OwnedFd> {
    end.try_clone()
        .context(|| "connect the command's terminal".to_owned())
}

/// The next child of this process, and all that follow, are in a PID namespace of their own, the
/// next one as its PID 1.
#[allow(unsafe_code)]
fn begin_namespace() -> io::Result<()> {
    // SAFETY: only FILES would share descriptors with threads that do not know, and this process
    // has one thread.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWPID)? };
    Ok(())
}

/// Shows the processes of the caller's PID namespace in `/proc`.
fn mount_proc() -> io::Result<()> {
    let inert = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::unmount(c"/proc", UnmountFlags::DETACH)?;
    rustix::mount::mount(c"proc", c"/proc", c"proc", inert, c"")?;
    Ok(())
}

/// Makes the child a session of its own, whose terminal is its standard input if it has one, and
/// gives up this process's identity in it.
#[allow(unsafe_code)]
fn become_user(
    launcher: &mut Command,
    user: &User,
    is_init: bool,
    has_terminal: bool,
    limit: Option<Limit>,
) {
    let uid = Uid::from_raw(user.uid);
    let gid = Gid::from_raw(user.gid);
    // The primary group is also a supplementary one, so that a mode that denies it cannot be
    // bypassed by changing the primary group (CVE-2022-36109).
    let groups = user.groups.iter().copied().map(Gid::from_raw);
    let groups: Vec<Gid> = std::iter::once(gid).chain(groups).collect();
    let in_child = move || -> io::Result<()> {
        rustix::process::setsid()?;
        if has_terminal {
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        if is_init {
            mount_proc()?;
        }
        if let Some(limit) = &limit {
            limit.before_the_user()?;
        }
        rustix::thread::set_thread_groups(&groups)?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
        if let Some(limit) = &limit {
            limit.after_the_user()?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls on memory that was
    // allocated before; it neither allocates nor takes locks. The child has one thread, so
    // the calls that concern a thread concern the whole process.
    unsafe { launcher.pre_exec(in_child) };
}

/// The reason for which a program that looked runnable could not be started.
fn explain(error: io::Error, program: &Path) -> Error {
    match error.kind() {
        // The user may not execute the file, or the kernel refuses some part of it.
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotFound
        | io::ErrorKind::ArgumentListTooLong
        | io::ErrorKind::ExecutableFileBusy => Error::NotExecutable {
            path: program.to_owned(),
            reason: error.to_string(),
        },
        _ if error.raw_os_error().is_some_and(is_bad_format) => Error::NotExecutable {
            path: program.to_owned(),
            reason: error.to_string(),
        },
        _ => Error::System {
            action: format!("start {}", program.display()),
            source: error,
        },
    }
}

fn is_bad_format(code: i32) -> bool {
    [
        rustix::io::Errno::NOEXEC,
        rustix::io::Errno::LIBBAD,
        rustix::io::Errno::ACCESS,
    ]
    .iter()
    .any(|errno| errno.raw_os_error() == code)
}

/// This side's end of a pipe. The user becomes its owner, so that `/dev/stdout` can be opened.
fn pipe(end: Option<impl Into<OwnedFd>>, user: &User) -> Result<OwnedFd> {
    let end: OwnedFd = end
        .map(Into::into)
        .ok_or(io::ErrorKind::BrokenPipe)
        .context(|| "connect the workload's pipes".to_owned())?;
    let _only_for_reopening = rustix::fs::fchown(&end, Some(Uid::from_raw(user.uid)), None);
    rustix::fs::fcntl_getfl(&end)
        .and_then(|flags| rustix::fs::fcntl_setfl(&end, flags | OFlags::NONBLOCK))
        .context(|| "set up the workload's pipes".to_owned())?;
    Ok(end)
}

/// The working folder, made when missing.
fn enter_able(wanted: &str) -> Result<PathBuf> {
    let folder = Path::new("/").join(wanted);
    std::fs::create_dir_all(&folder)
        .context(|| format!("make the working folder {}", folder.display()))?;
    Ok(folder)
}

/// The environment as pairs, completed by the user's home and the type of the terminal.
fn environment<'a>(process: &'a Process, user: &'a User) -> Result<Vec<(&'a str, &'a str)>> {
    let mut pairs = Vec::with_capacity(process.env.len() + 2);
    for entry in &process.env {
        match entry.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name, value)),
            _ => {
                return Err(Error::Refused {
                    field: "environment entry",
                    // Only the name: the value may be a secret.
                    value: entry.split('=').next().unwrap_or_default().to_owned(),
                    reason: "it is not NAME=value",
                });
            }
        }
    }
    let terminal = process.terminal.map(|_| ("TERM", DEFAULT_TERM));
    for (name, value) in terminal.into_iter().chain([("HOME", user.home.as_str())]) {
        if !pairs.iter().any(|(other, _)| *other == name) {
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

/// The content of a text file of the image; empty when it is missing or unreadable.
pub(crate) fn text_of(path: &str) -> String {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let read = || {
        let file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(path)?;
        let mut bytes = Vec::new();
        if file.metadata()?.is_file() {
            file.take(LIMIT).read_to_end(&mut bytes)?;
        }
        io::Result::Ok(OsString::from(String::from_utf8_lossy(&bytes).into_owned()))
    };
    read()
        .ok()
        .and_then(|text| text.into_string().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
