use lazaret_supervisor::find_machine;

use super::named::{Named, Row};
use crate::context::Context;
use crate::failure::Failure;

/// Show the state of machines of the document
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    named: Named,
    /// Name of the machine [default: all]
    name: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let document = self.named.document(context)?;
        let home = context.home()?;
        let machines = match &self.name {
            Some(name) => vec![find_machine(&document, name)?],
            None => document.machines.values().collect(),
        };
        let rows = machines
            .into_iter()
            .map(|machine| self.named.row(&home, machine));
        let rows = rows.collect::<Result<Vec<Row>, _>>()?;
        context.printer.result(&rows, |rows| {
            let line = |row: &Row| {
                let id = row
                    .id
                    .as_deref()
                    .map_or(String::new(), |id| format!(" ({id})"));
                format!("machine '{}': {}{id}\n", row.name, row.status)
            };
            rows.iter().map(line).collect()
        })?;
        Ok(())
    }
}
