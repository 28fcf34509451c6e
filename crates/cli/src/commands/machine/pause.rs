use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;

/// Stop the processors of machines for a while
#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

/// Let the processors of paused machines go on
#[derive(Debug, clap::Args)]
pub(crate) struct UnpauseArgs {
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl PauseArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            let home = context.home()?;
            home.holder(&home.machine(name)?).await?.pause().await?;
            Ok(context.printer.data(name)?)
        })
        .await
    }
}

impl UnpauseArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.machines, async |name| {
            let home = context.home()?;
            home.holder(&home.machine(name)?).await?.resume().await?;
            Ok(context.printer.data(name)?)
        })
        .await
    }
}
