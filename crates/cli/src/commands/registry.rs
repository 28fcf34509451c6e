mod check;
mod gc;
mod key;
mod stores;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use lazaret_registry::{Instance, Signals, Source};
use tokio::process::Command as Process;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::context::Context;
use crate::env_vars;
use crate::exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::printer::Printer;
use crate::report::report;

/// Ephemeral registries, and upkeep of lasting ones
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run a command beside an empty registry that lives as long as the command
    ///
    /// The command finds `host:port` in `LAZARET_REGISTRY`. The exit status is the command's
    /// own; 125 when the registry cannot start, 126 or 127 when the command cannot. With
    /// `--format json` the address is on standard output before the command's own.
    With {
        /// Address of loopback to listen on [default: 127.0.0.1 with a free port]
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    Gc(gc::Args),
    Check(check::Args),
    #[command(subcommand)]
    Key(key::Command),
}

impl Command {
    /// The exit status for failures of Lazaret; the small statuses of `with` belong to its command.
    pub(crate) fn failure_status(&self) -> Option<u8> {
        matches!(self, Self::With { .. }).then_some(exit::MACHINE)
    }

    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let (listen, command) = match self {
            Self::With { listen, command } => (listen, command),
            Self::Gc(args) => return args.run(context).await,
            Self::Check(args) => return args.run(context).await,
            Self::Key(command) => {
                command.run(context).await?;
                return Ok(exit::SUCCESS);
            }
        };
        let parent = context.settings.runtime.join("registries");
        let source = match listen {
            None => Source::ephemeral(&parent),
            Some(address) if address.ip().is_loopback() => {
                Source::ephemeral_at(&parent, &address.to_string())
            }
            Some(address) => {
                return Err(Failure::usage_with(
                    format!("--listen '{address}' is not an address of loopback"),
                    "an ephemeral registry has no users; `lazaret serve` is for other machines",
                ));
            }
        };
        let instance = Instance::open(source).await?;
        let address = instance.addresses().next();
        let address = address.map(|address| address.to_string());
        let address = address.ok_or_else(|| Failure::usage("the registry has no address"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(instance.serve(Signals::until(async {
            // A dropped sender also means to stop.
            let _ = stopped.await;
        })));
        match context.printer.format {
            Format::Text | Format::Template(_) => {
                context.printer.note(&format!("registry at {address}"));
            }
            Format::Json => context.printer.data(
                &serde_json::json!({ "registry": address, "url": format!("http://{address}") })
                    .to_string(),
            )?,
        }
        let status = supervise(&command, &address, context.printer).await;
        drop(stop);
        // The command's status is the result, even if the registry fails to drain.
        let _ = serving.await;
        status
    }
}

/// Runs the command to its end. Signals are forwarded to it, and it decides what to do.
async fn supervise(command: &[OsString], address: &str, printer: Printer) -> Result<u8, Failure> {
    let handle = |kind| signal(kind).map_err(|error| Failure::io("handle signals", error));
    let mut interrupt = handle(SignalKind::interrupt())?;
    let mut terminate = handle(SignalKind::terminate())?;
    let [program, arguments @ ..] = command else {
        return Err(Failure::usage("the command is missing"));
    };
    let spawned = Process::new(program)
        .args(arguments)
        .env(env_vars::serve::REGISTRY, address)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let status = if error.kind() == std::io::ErrorKind::NotFound {
                127
            } else {
                126
            };
            let failure = Failure::io(format!("run {}", program.display()), error);
            report(&failure, printer, Some(status));
            return Ok(status);
        }
    };
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Failure::io("wait for the command", error))?;
                return Ok(shell_status(status));
            }
            // The terminal sends SIGINT to the command as well.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                    // Fails if the command has ended in the meantime.
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
            }
        }
    }
}

/// The exit code, or 128 plus the signal.
fn shell_status(status: ExitStatus) -> u8 {
    let number = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    number
        .and_then(|number| u8::try_from(number).ok())
        .unwrap_or(exit::FAILURE)
}
