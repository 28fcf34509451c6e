use std::path::PathBuf;

use lazaret_daemon::{Daemon, Explained, Options, Socket};
use lazaret_supervisor::{Error, JailMode};
use lazaret_values::Period;

use crate::context::Context;
use crate::failure::Failure;
use crate::{env_vars, hints, settings, signals};

/// Serve machines to programs: HTTP and JSON on a UNIX socket
///
/// Prints `listening on unix:PATH` on standard output once it accepts connections. Only this user and
/// root are served. Machines do not need it: they go on when it ends. A socket of the service manager
/// (`LISTEN_FDS`) is taken instead of one of its own. `docs/reference/api.json` describes the API, which
/// is also served at `/v1/openapi.json`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen [default: `lazaret/api.sock` in XDG_RUNTIME_DIR, else `api.sock` in the data
    /// folder]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// End when nobody has asked for anything for this time, such as `10m`
    #[arg(long, value_name = "TIME")]
    idle_exit: Option<Period>,
    /// Whether QEMU is jailed for machines that do not say it: as far as this host can, completely or
    /// not at all
    #[arg(long, value_name = "MODE", default_value = "auto", env = env_vars::JAIL)]
    jail: JailMode,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let stop = signals::shutdown().map_err(|error| Failure::io("handle signals", error))?;
        let socket = match (self.socket, settings::passed_socket()?) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage_with(
                    "there are two sockets: the service manager's and that of --socket",
                    "leave --socket out: the unit of the socket says where it is",
                ));
            }
            (_, Some(passed)) => Socket::inherited(passed)?,
            (wanted, None) => {
                let standard = || settings::api_socket(&context.settings);
                Socket::bind(&wanted.unwrap_or_else(standard))?
            }
        };
        let address = socket.address();
        let options = Options {
            home: context.home()?,
            explain,
            version: env!("LAZARET_VERSION"),
            jail: self.jail,
            idle_exit: self.idle_exit.map(|period| period.duration()),
        };
        let daemon = Daemon::new(socket, options)?;
        context.printer.data(&format!("listening on {address}"))?;
        daemon.serve(stop).await;
        Ok(())
    }
}

fn explain(error: &Error) -> Explained {
    let hints::Answer { message, hint, .. } = hints::of_error(error);
    Explained { message, hint }
}
