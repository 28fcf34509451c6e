use super::named::{Named, Row};
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// List the machines of the document, with their state on this host
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    named: Named,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.named.document(context)?;
        let home = context.home()?;
        let machines = document.machines.values();
        let rows = machines.map(|machine| self.named.row(&home, machine));
        let rows = rows.collect::<Result<Vec<Row>, _>>()?;
        context.printer.result(&rows, |rows| {
            let heading = ["NAME", "KERNEL", "GUEST IMAGE", "VARIANT", "HOST", "STATUS"];
            let mut lines = vec![heading.map(str::to_owned).to_vec()];
            lines.extend(rows.iter().map(|row| {
                vec![
                    row.name.clone(),
                    row.kernel.clone(),
                    row.guest_image.clone(),
                    row.selector.clone(),
                    row.host.clone(),
                    row.status.clone(),
                ]
            }));
            table(&lines)
        })?;
        Ok(())
    }
}
