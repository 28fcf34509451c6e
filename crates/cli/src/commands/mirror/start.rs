use std::net::SocketAddr;

use lazaret_registry::{StageChoice, mirror_plans};

use super::which::Which;
use crate::commands::serve;
use crate::context::Context;
use crate::failure::Failure;

/// Serve mirrors
///
/// Serves every host that `mirror init` has written a configuration for, or those that are named.
/// Prints `listening on http://ADDR` on standard output once it accepts connections, and finishes the
/// requests under way when it is asked to stop. What was fetched is there after a restart.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hosts to serve [default: all that have a configuration]
    #[arg(value_name = "HOST", conflicts_with = "config")]
    hosts: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// Address to listen on, instead of the configured ones
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Leave out the stages before this one, by the numbers of `mirror plan`
    #[arg(long, value_name = "N")]
    from: Option<usize>,
    /// Leave out all stages but this one
    #[arg(long, value_name = "N", conflicts_with = "from")]
    only: Option<usize>,
}

impl Args {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (mut source, _) = self.which.source(context, &self.hosts)?;
        if let Some(listen) = self.listen {
            source.overrides.set("listen", listen.to_string());
        }
        let most = mirror_plans(&source)?
            .iter()
            .map(|plan| plan.stages.len())
            .max();
        if let Some(number) = self.from.or(self.only)
            && !(1..=most.unwrap_or(0)).contains(&number)
        {
            return Err(Failure::usage_with(
                format!("there is no stage {number}"),
                format!("`lazaret mirror plan` has 1 to {}", most.unwrap_or(0)),
            ));
        }
        source.stages = match (self.from, self.only) {
            (Some(first), _) => StageChoice::From(first),
            (None, Some(only)) => StageChoice::Only(only),
            (None, None) => StageChoice::All,
        };
        serve::start(context, source, false).await
    }
}
