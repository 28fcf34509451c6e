use lazaret_supervisor::find_machine;

use super::named::Named;
use crate::commands::machine::stop;
use crate::context::Context;
use crate::failure::Failure;

/// Stop a machine of the document; what it has written stays
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    named: Named,
    /// Name of the machine
    name: String,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.named.document(context)?;
        let machine = find_machine(&document, &self.name)?;
        let home = context.home()?;
        if let Some(found) = self.named.launched(&home, &machine.name)? {
            stop::stop(context, &found.spec.id, None, None).await?;
        }
        context
            .printer
            .note(&format!("stopped machine '{}'", machine.name));
        Ok(())
    }
}
