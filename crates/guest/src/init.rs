//! PID 1 of a disk whose image has none (`init=/usr/local/sbin/lazaret-init`).
//!
//! An image with systemd uses systemd. For any other, this module sets up a machine - the kernel's
//! file systems, host name, network - and two services: the agent, which is restarted when it ends,
//! and sshd. Signals have the meaning that busybox gives them: `poweroff` sends `USR2`, `halt`
//! `USR1`, `reboot` `TERM`.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use rustix::system::RebootCommand;
use signal_hook::consts::signal::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

use crate::error::{Context as _, Result, one_line};
use crate::{children, console, network, root};

/// Path of the wrapper on a disk that has it.
pub(crate) const PLACE: &str = "/usr/local/sbin/lazaret-init";
/// This program, by a name that every process has for its own.
pub(crate) const ITSELF: &str = "/proc/self/exe";
/// The `PATH` for shells and services of an image.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
/// Time limit for services to end.
const ENDS_WITHIN: Duration = Duration::from_secs(3);
/// Pause before the agent is restarted.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs the machine. Returns only if that fails.
pub(crate) fn run() -> Result<()> {
    if let Some(systemd) = SYSTEMD.iter().find(|path| Path::new(path).exists()) {
        let error = Command::new(systemd).exec();
        console::say(&format!("cannot start {systemd}: {error}"));
    }
    let mut signals = Signals::new([SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2])
        .context(|| "listen to signals".to_owned())?;
    root::mount_system_folders();
    if let Ok(name) = std::fs::read_to_string("/etc/hostname") {
        let _the_kernels_stays = rustix::system::sethostname(name.trim().as_bytes());
    }
    if let Err(error) = network::bring_up() {
        console::say(&one_line(&error));
    }
    let mut agent = start("serve")?;
    let _reaped_with_the_rest = start("sshd");
    console::say("no systemd in this image: the agent and sshd run under lazaret-init");
    for signal in signals.forever() {
        match signal {
            SIGCHLD => {
                let ended = matches!(agent.try_wait(), Ok(Some(_)) | Err(_));
                children::bury(|_, _| {});
                if ended {
                    console::say("the agent ended; starting it again");
                    std::thread::sleep(PAUSE);
                    agent = start("serve")?;
                }
            }
            SIGUSR1 => return end(RebootCommand::Halt),
            SIGUSR2 => return end(RebootCommand::PowerOff),
            // SIGINT is Ctrl-Alt-Del.
            _ => return end(RebootCommand::Restart),
        }
    }
    Ok(())
}

/// Starts this program again, in another role.
fn start(role: &str) -> Result<Child> {
    Command::new(ITSELF)
        .arg0("lazaret-agent")
        .arg(role)
        .env("PATH", PATH)
        .stdin(Stdio::null())
        .spawn()
        .context(|| format!("start lazaret-agent {role}"))
}

/// Ends all processes, syncs the disks, and stops the machine.
fn end(command: RebootCommand) -> Result<()> {
    for signal in [Signal::TERM, Signal::KILL] {
        // The process group of PID 1 stands for all processes but the caller.
        if rustix::process::kill_process_group(Pid::INIT, signal).is_err() {
            break;
        }
        let deadline = std::time::Instant::now() + ENDS_WITHIN;
        while std::time::Instant::now() < deadline && children::bury(|_, _| {}) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    rustix::fs::sync();
    root::make_read_only();
    rustix::system::reboot(command).context(|| "stop the machine".to_owned())
}
