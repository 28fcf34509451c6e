use crate::commands::each::for_each;
use crate::commands::signal::signal_number;
use crate::context::Context;
use crate::failure::Failure;

/// Send a signal to workloads
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The signal
    #[arg(short, long, default_value = "KILL", value_parser = signal_number)]
    signal: u8,
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        const SIGKILL: u8 = 9;
        for_each(context, &self.machines, async |name| {
            let home = context.home()?;
            let holder = home.holder(&home.machine(name)?).await?;
            holder.kill(self.signal).await?;
            if self.signal == SIGKILL {
                // The machine ends by it; how is of no interest here.
                let _ended = holder.wait().await;
            }
            Ok(context.printer.data(name)?)
        })
        .await
    }
}
