use crate::commands::each::for_each;
use crate::commands::signal::signal_number;
use crate::context::Context;
use crate::failure::Failure;

/// Ask workloads to end, and kill them if they do not
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
    pub(super) machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            self.stop(context, name).await?;
            Ok(context.printer.data(name)?)
        })
        .await
    }

    /// Stops a machine; one that does not run is left as it is.
    pub(super) async fn stop(&self, context: &Context, name: &str) -> Result<(), Failure> {
        stop(context, name, self.signal, self.timeout).await
    }
}

/// Stops a machine, with its own signal and time unless others are given; one that does not run is left as
/// it is.
pub(crate) async fn stop(
    context: &Context,
    name: &str,
    signal: Option<u8>,
    seconds: Option<u64>,
) -> Result<(), Failure> {
    let home = context.home()?;
    let found = home.machine(name)?;
    if !found.state.life.is_held() {
        return Ok(());
    }
    let spec = &found.spec;
    let signal = signal.unwrap_or_else(|| spec.stop_signal());
    let seconds = seconds.unwrap_or(spec.options.stop_seconds);
    // It is gone in any case; how it ended is of no interest here.
    let _ended = home.holder(&found).await?.stop(signal, seconds).await;
    Ok(())
}
