use super::{start, stop};
use crate::commands::each::for_each;
use crate::commands::signal::signal_number;
use crate::context::Context;
use crate::failure::Failure;

/// Stop machines and start them again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Seconds after which a workload is killed [default: the machine's, else 10]
    #[arg(short, long, visible_alias = "time", value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Signal that asks [default: the machine's, else the image's, else TERM]
    #[arg(short, long, value_parser = signal_number)]
    signal: Option<u8>,
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            stop::stop(context, name, self.timeout, self.signal).await?;
            start::start(context, name).await
        })
        .await
    }
}
