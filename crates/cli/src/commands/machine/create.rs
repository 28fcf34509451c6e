use crate::commands::run::flags::{Flags, Of, Wanted};
use crate::commands::run::id_file::IdFile;
use crate::context::Context;
use crate::failure::Failure;

/// Make a machine without starting it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    flags: Flags,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let id_file = IdFile::create(self.flags.cidfile.as_deref())?;
        let spec = match self.flags.replica(&home)? {
            Some((checkpoint, new)) => home.create_machine_from(&checkpoint, new).await?,
            None => {
                let Wanted {
                    prepared,
                    naming,
                    options,
                } = self.flags.prepare(context, &home, &Of::Images).await?;
                home.create_machine(prepared, naming, options).await?
            }
        };
        id_file.write(&spec.id)?;
        Ok(context.printer.data(&spec.id)?)
    }
}
