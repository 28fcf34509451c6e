use super::{start, stop};
use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;

/// Stop machines and start them again
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    stop: stop::Args,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        for_each(context, &self.stop.machines, async |name| {
            self.stop.stop(context, name).await?;
            start::start(context, name).await
        })
        .await
    }
}
