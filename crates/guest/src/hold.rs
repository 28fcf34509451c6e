//! Holds all writes to the scratch disk back while the host reads it.
//!
//! It is a process of its own: writing everything takes a while, and PID 1 never waits for a disk. If
//! it is killed, PID 1 lets the writes go on.

use std::os::fd::{AsFd, FromRawFd as _, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use lazaret_protocol::FREEZE_SECONDS;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::ioctl::{NoArg, Opcode, ioctl, opcode};

use crate::error::{Context as _, Error, Result, one_line};
use crate::{console, poll};

/// `linux/fs.h`: writes everything and holds back all further writes.
const FIFREEZE: Opcode = opcode::read_write::<core::ffi::c_int>(b'X', 119);
const FITHAW: Opcode = opcode::read_write::<core::ffi::c_int>(b'X', 120);

/// Holds writes to the file system of descriptor `number` back, until the input ends or nobody writes
/// to it for too long.
pub(crate) fn run(number: &str) -> ExitCode {
    match hold(number) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::say(&one_line(&error));
            ExitCode::FAILURE
        }
    }
}

#[allow(unsafe_code)]
fn hold(number: &str) -> Result<()> {
    let refused = || Error::Refused {
        field: "descriptor",
        value: number.to_owned(),
        reason: "it is not the scratch disk's",
    };
    let number: i32 = number.parse().map_err(|_| refused())?;
    if number <= 2 {
        return Err(refused());
    }
    // SAFETY: PID 1 has passed on this descriptor to this program alone, which uses it nowhere else.
    let root = unsafe { OwnedFd::from_raw_fd(number) };
    rustix::fs::syncfs(&root)
        .and_then(|()| freeze(&root))
        .context(|| "hold writes to the scratch disk back".to_owned())?;
    let heard = tell().and_then(|()| listen());
    let thawed = thaw(&root).context(|| "let writes to the scratch disk go on".to_owned());
    heard.and(thawed)
}

/// Says that the disk stands still.
fn tell() -> Result<()> {
    rustix::io::retry_on_intr(|| rustix::io::write(rustix::stdio::stdout(), b"\n"))
        .map(drop)
        .context(|| "answer the host".to_owned())
}

/// Returns at the end of the input.
fn listen() -> Result<()> {
    let stdin = rustix::stdio::stdin();
    let mut buffer = [0; 64];
    loop {
        let mut fds = [PollFd::from_borrowed_fd(stdin, PollFlags::IN)];
        poll::wait_for(&mut fds, Duration::from_secs(FREEZE_SECONDS))?;
        if fds[0].revents().is_empty() {
            return Err(Error::System {
                action: "hold writes to the scratch disk back any longer".to_owned(),
                source: Errno::TIMEDOUT.into(),
            });
        }
        match rustix::io::read(stdin, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error).context(|| "listen to the host".to_owned()),
        }
    }
}

/// Writes everything to a file system and holds all further writes back.
#[allow(unsafe_code)]
pub(crate) fn freeze(root: impl AsFd) -> Result<(), Errno> {
    // SAFETY: the kernel does not read the argument of this request, and writes nothing to it.
    unsafe { ioctl(root, NoArg::<FIFREEZE>::new()) }
}

/// Lets writes go on; `INVAL` when they do already.
#[allow(unsafe_code)]
pub(crate) fn thaw(root: impl AsFd) -> Result<(), Errno> {
    // SAFETY: the kernel does not read the argument of this request, and writes nothing to it.
    unsafe { ioctl(root, NoArg::<FITHAW>::new()) }
}
