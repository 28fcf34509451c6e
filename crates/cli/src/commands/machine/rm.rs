use super::each::for_each;
use crate::context::Context;
use crate::failure::Failure;

/// Remove machines, with everything that was written in them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End machines that run
    #[arg(short, long)]
    force: bool,
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            context.home()?.remove_machine(name, self.force).await?;
            Ok(context.printer.data(name)?)
        })
        .await
    }
}
