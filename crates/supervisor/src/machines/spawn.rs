//! Starts the process that holds a machine.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use rustix::io::{FdFlags, fcntl_setfd};

use super::client::Holder;
use crate::Error;

/// File for what the holder has to say about its own failures.
const LOG: &str = "holder.log";

/// Starts the holder of the machine in `folder` and hands the folder's lock over to it; returns a
/// connection to it. The new process gets the lock as standard output and the connection as standard
/// input, and nothing else of this one: no variable but those of `trust`, no terminal, no pipe of the caller.
pub(crate) async fn spawn(
    command: &[OsString],
    trust: &[(&'static str, OsString)],
    folder: &Path,
    lock: File,
) -> Result<Holder, Error> {
    let failed = |source| Error::Io {
        action: "start the holder of the machine".to_owned(),
        source,
    };
    let [program, arguments @ ..] = command else {
        return Err(failed(std::io::ErrorKind::NotFound.into()));
    };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let path = folder.join(LOG);
    let log = File::options().create(true).append(true).open(&path);
    let log = log.map_err(Error::io("open", &path))?;
    let mut holder = tokio::process::Command::new(program);
    holder
        .args(arguments)
        .arg(fs::canonicalize(folder).map_err(Error::io("find", folder))?)
        .env_clear()
        .envs(trust.iter().cloned())
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(lock))
        .stderr(Stdio::from(log));
    leave_terminal(&mut holder);
    // It is not waited for: it ends with its machine.
    let _left = holder.spawn().map_err(failed)?;
    drop(holder);
    Holder::over(ours).await
}

/// Makes the process the leader of a session of its own: neither Ctrl-C nor the end of the terminal
/// reaches it. It has the standard streams and no other descriptor that this process inherited: a lock or
/// a pipe of the caller's would be held for as long as the machine lives.
#[allow(unsafe_code)]
pub(super) fn leave_terminal(command: &mut tokio::process::Command) {
    let names = fs::read_dir("/proc/self/fd").into_iter().flatten();
    let numbers = names.filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok());
    let highest: RawFd = numbers.max().unwrap_or(1024);
    let leave = move || {
        rustix::process::setsid()?;
        for number in 3..=highest {
            // SAFETY: a number that is closed is refused by the kernel (EBADF); nothing is read or closed
            // through it.
            let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
            let _closed = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
        }
        Ok(())
    };
    // SAFETY: between fork and exec only the system calls setsid and fcntl are made, which are
    // async-signal-safe; the closure takes no lock and allocates nothing.
    unsafe {
        command.pre_exec(leave);
    }
}
