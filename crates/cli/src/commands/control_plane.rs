use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lazaret_registry::ControlServer;
use lazaret_values::nearest;

use super::artifacts::which::{DOCUMENT, document as read};
use crate::context::Context;
use crate::failure::Failure;
use crate::settings::named_variable;
use crate::signals;

/// The server of kernels and guest images by name
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Serve(ServeArgs),
}

/// Serve a control plane of `port.toml`: the hosted API for its artifacts
///
/// Content is kept in `.port/hosted/NAME/artifacts` of the working folder. Clients send the token
/// that the environment variable of the document has, which must be set here, too. `lazaret serve`
/// serves control planes beside a registry: `[[control_planes]]` in its configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// The document with the control plane
    #[arg(long, value_name = "FILE", default_value = DOCUMENT)]
    config: PathBuf,
    /// Name of the control plane in the document
    #[arg(long, value_name = "NAME")]
    control_plane: String,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7040")]
    bind: SocketAddr,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => args.run(context).await,
        }
    }
}

impl ServeArgs {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = read(context, &self.config)?;
        let name = &self.control_plane;
        let plane = document.control_planes.get(name).ok_or_else(|| {
            let message = format!("{} has no control plane '{name}'", self.config.display());
            let known: Vec<&str> = document.control_planes.keys().map(String::as_str).collect();
            match nearest(name, known.iter().copied()) {
                Some(meant) => Failure::usage_with(message, format!("did you mean {meant}?")),
                None if known.is_empty() => Failure::usage(message),
                None => Failure::usage_with(message, format!("it has {}", known.join(", "))),
            }
        })?;
        let variable = &plane.token_variable;
        let token = named_variable(variable).ok_or_else(|| {
            Failure::usage_with(
                format!("the environment variable {variable} is not set, which has the token"),
                format!("set {variable} in the environment"),
            )
        })?;
        let stop = signals::shutdown().map_err(|e| Failure::io("handle signals", e))?;
        let folder = std::env::current_dir();
        let folder = folder.map_err(|e| Failure::io("find the working folder", e))?;
        lazaret_registry::raise_limit();
        if !self.bind.ip().is_loopback() {
            context.printer.warning(&format!(
                "{} is reachable from other machines, without TLS",
                self.bind
            ));
        }
        let server = ControlServer::open(plane, token, Path::new(&folder), self.bind).await?;
        for address in server.addresses() {
            let line = format!("listening on http://{address}");
            context.printer.data(&line)?;
        }
        server.serve(stop).await;
        Ok(())
    }
}
