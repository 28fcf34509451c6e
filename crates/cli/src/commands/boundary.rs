use std::process::ExitCode;

use crate::exit;

/// Serve the network of a machine. The process that holds a machine starts this command; standard input
/// is a connection to it, and standard output the socket for the machine's frames.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {}

impl Args {
    /// Serves, on this thread alone: what confines a process has to be done before it has others.
    pub(crate) fn run() -> ExitCode {
        let own = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned();
        let served = (|| {
            let control = own(rustix::stdio::stdin())?;
            let frames = own(rustix::stdio::stdout())?;
            let nothing = std::fs::File::options()
                .read(true)
                .write(true)
                .open("/dev/null")?;
            rustix::stdio::dup2_stdin(&nothing)?;
            rustix::stdio::dup2_stdout(&nothing)?;
            lazaret_supervisor::serve_boundary(control, frames).map_err(std::io::Error::other)
        })();
        match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!(error = %lazaret_values::Chain(&error), "the network has ended");
                ExitCode::from(exit::FAILURE)
            }
        }
    }
}
