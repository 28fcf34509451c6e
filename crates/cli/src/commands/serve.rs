use std::net::SocketAddr;
use std::path::PathBuf;

use lazaret_registry::{Durability, Options, Registry};

use super::Context;
use crate::failure::Failure;
use crate::signals;

/// Serve a registry
///
/// Prints `listening on http://ADDR` on standard output once it accepts connections, and
/// finishes the requests under way when it is asked to stop.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// Folder of the content [default: `registry` in the data folder]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let shutdown = signals::shutdown().map_err(|e| Failure::io("handle signals", e))?;
        let root = self
            .root
            .unwrap_or_else(|| context.settings.data.join("registry"));
        if !self.listen.ip().is_loopback() {
            context.printer.warning(&format!(
                "{} is reachable from other machines, without authentication or TLS",
                self.listen
            ));
        }
        let registry = Registry::open(Options {
            root,
            durability: Durability::Synced,
        })
        .await?;
        let server = registry.bind(self.listen).await?;
        context
            .printer
            .data(&format!("listening on http://{}", server.local_addr()))?;
        server.serve(shutdown).await?;
        Ok(())
    }
}
