use lazaret_supervisor::{JailMode, MachineOptions, StartedMachine};
use serde::Serialize;

use super::named::Named;
use crate::attach::Signals;
use crate::commands::run;
use crate::context::Context;
use crate::env_vars;
use crate::exit;
use crate::failure::Failure;
use crate::progress::Bars;

/// Start a machine of the document, in the background
///
/// It is then a machine like any other: `lazaret exec`, `logs`, `stop` and `rm` know it by the same name. One
/// that was stopped is started again, with what it has written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    named: Named,
    /// Whether QEMU is jailed: as far as this host can, completely or not at all
    #[arg(long, value_name = "MODE", default_value = "auto", env = env_vars::JAIL)]
    jail: JailMode,
    /// Name of the machine
    name: String,
}

#[derive(Serialize)]
struct Launched {
    machine: String,
    id: String,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.named.document(context)?;
        let home = context.home()?;
        let bars = Bars::new(context.printer, "launch");
        let (config, name) = (&self.named.config, &self.name);
        let (request, naming) = home.machine_request(&document, config, name, self.jail)?;
        let mut signals = Signals::install()?;
        let started = match self.named.launched(&home, name)? {
            Some(found) => home.start_machine(&found.spec.id).await?,
            None => {
                let prepared = home.prepare(request, bars.sink()).await?;
                let options = MachineOptions::default();
                home.run_machine(prepared, naming, options).await?
            }
        };
        bars.clear();
        let StartedMachine { spec, holder } = started;
        let session = holder.attach(false, true)?;
        if let Some(status) = run::wait_until_up(&holder, session, &mut signals).await? {
            return match status {
                exit::SUCCESS => Ok(()),
                _ => Err(Failure::usage("the launch was interrupted")),
            };
        }
        // A machine that has ended by now left nothing to detach from.
        let _over = holder.detach().await;
        let launched = Launched {
            machine: name.clone(),
            id: spec.id,
        };
        context.printer.made(&launched, &launched.id, |launched| {
            format!("launched machine '{}' ({})", launched.machine, launched.id)
        })?;
        Ok(())
    }
}
