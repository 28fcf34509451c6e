use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;

/// Wait for machines to end, and print their exit statuses
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            let home = context.home()?;
            let status = home.wait_for_machine(&home.machine(name)?).await?;
            Ok(context.printer.data(&status.to_string())?)
        })
        .await
    }
}
