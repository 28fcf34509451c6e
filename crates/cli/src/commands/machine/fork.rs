use lazaret_supervisor::{MachineOptions, Naming, NewMachine, StartedMachine};

use crate::attach::Signals;
use crate::commands::run;
use crate::commands::run::flags::label;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// Start machines that go on where a running one is now, and print their ids
///
/// Each has memory, processes and disks of its own from then on, and an id, random numbers and a clock
/// of its own. The machine stands still for a moment and goes on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove the new machines when they end
    #[arg(long)]
    rm: bool,
    /// Label the new machines, `KEY` or `KEY=VALUE`
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// Name or id
    machine: String,
    /// Number of new machines
    #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let home = context.home()?;
        let mut signals = Signals::install()?;
        let first = home.machine(&self.machine)?.spec.options;
        let new = NewMachine {
            naming: Naming {
                name: None,
                labels: self.label.iter().map(|entry| label(entry)).collect(),
            },
            options: MachineOptions {
                remove: self.rm,
                stop_seconds: first.stop_seconds,
                ..MachineOptions::default()
            },
            hostname: None,
        };
        let fork = home.fork(&self.machine).await?;
        for _ in 0..self.count {
            let StartedMachine { spec, holder } = home.run_fork(&fork, new.clone()).await?;
            // The machine is this command's until it is up.
            let session = holder.attach(false, true)?;
            if let Some(status) = run::wait_until_up(&holder, session, &mut signals).await? {
                return Ok(status);
            }
            let _over = holder.detach().await;
            context.printer.data(&spec.id)?;
        }
        Ok(exit::SUCCESS)
    }
}
