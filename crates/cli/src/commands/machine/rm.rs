use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;

/// Remove machines, with everything that was written in them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End machines that run
    #[arg(short, long)]
    force: bool,
    /// Remove the volumes without a name that were made for them
    #[arg(short, long)]
    volumes: bool,
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            let home = context.home()?;
            home.remove_machine(name, self.force, self.volumes).await?;
            Ok(context.printer.data(name)?)
        })
        .await
    }
}
