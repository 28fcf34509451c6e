use lazaret_supervisor::StartedMachine;

use crate::attach::{self, DetachKeys, Part, Signals};
use crate::commands::each::for_each;
use crate::commands::run;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// Start machines that do not run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Take part in the workload: its output, signals, and its exit status
    #[arg(short, long)]
    attach: bool,
    /// With --attach, give it standard input
    #[arg(short, long)]
    interactive: bool,
    /// Keys by which to leave it running; empty for none [default: ctrl-p,ctrl-q]
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "ctrl-p,ctrl-q",
        hide_default_value = true
    )]
    detach_keys: DetachKeys,
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        if !self.attach && !self.interactive {
            for_each(context, &self.machines, async |name| {
                start(context, name).await
            })
            .await?;
            return Ok(exit::SUCCESS);
        }
        let [name] = self.machines.as_slice() else {
            return Err(Failure::usage("--attach takes one machine"));
        };
        let home = context.home()?;
        let signals = Signals::install()?;
        let StartedMachine { spec, holder } = home.start_machine(name).await?;
        let session = holder.attach(true, false)?;
        let part = Part {
            input: self.interactive && spec.options.interactive && attach::stdin_is_ours(),
            terminal: match self.interactive {
                true => run::enter_terminal(&spec)?,
                false => None,
            },
            keys: self.detach_keys,
            forwards: !spec.has_terminal(),
        };
        run::follow(context, &home, &spec, &holder, session, part, signals).await
    }
}

pub(super) async fn start(context: &Context, name: &str) -> Result<(), Failure> {
    let home = context.home()?;
    if home.machine(name)?.state.life.is_held() {
        return Ok(context.printer.data(name)?);
    }
    let mut signals = Signals::install()?;
    let StartedMachine { holder, .. } = home.start_machine(name).await?;
    // The machine is this command's until it is up.
    let session = holder.attach(false, true)?;
    if run::wait_until_up(&holder, session, &mut signals)
        .await?
        .is_none()
    {
        let _over = holder.detach().await;
    }
    Ok(context.printer.data(name)?)
}
