use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use lazaret_supervisor::OwnCommands;

use crate::failure::Failure;

/// Hold a machine. `run` and `start` start this command; the machine's folder is locked by standard
/// output, and standard input is a connection to them.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// The machine's folder
    folder: PathBuf,
}

impl Args {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        leave_no_core();
        let own = |fd: std::os::fd::BorrowedFd<'_>| {
            fd.try_clone_to_owned()
                .map_err(|error| Failure::io("use what it was started with", error))
        };
        let lock = File::from(own(rustix::stdio::stdout())?);
        let client = UnixStream::from(own(rustix::stdio::stdin())?);
        // From here on only the two values are open: the lock ends with the first, the connection
        // with the second.
        let nothing = File::options().read(true).write(true).open("/dev/null");
        let nothing = nothing.map_err(|error| Failure::io("open /dev/null", error))?;
        let replaced =
            rustix::stdio::dup2_stdin(&nothing).and_then(|()| rustix::stdio::dup2_stdout(&nothing));
        replaced
            .map_err(|error| Failure::io("let go of what it was started with", error.into()))?;
        let commands = OwnCommands {
            keep: crate::settings::own_command("keep"),
            boundary: crate::settings::own_command("boundary"),
            share: crate::settings::own_command("share"),
            trust: crate::settings::trust(),
        };
        Ok(lazaret_supervisor::hold(self.folder, lock, client, commands).await?)
    }
}

/// Secrets pass through this process, and the emulator has the memory of the guest: they leave no cores.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // To lower a limit is always possible.
    let _ = setrlimit(Resource::Core, none);
}
