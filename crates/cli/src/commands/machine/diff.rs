use lazaret_supervisor::{Change, ChangeKind};
use lazaret_values::Printable;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;

/// List what a machine has changed against its image
///
/// `A` was added, `C` changed, `D` deleted. A running machine's writes wait meanwhile. Volumes, file
/// systems in memory, and what Lazaret itself puts into a machine are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name or id
    machine: String,
}

#[derive(Serialize)]
struct Row {
    /// `A`, `C` or `D`.
    kind: char,
    path: String,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let changes = context.home()?.machine_changes(&self.machine).await?;
        let rows: Vec<Row> = changes.iter().map(row).collect();
        Ok(context.printer.result(&rows, |rows| {
            let line = |row: &Row| {
                let path = Printable::new(&row.path).whole();
                format!("{} {path}\n", row.kind)
            };
            rows.iter().map(line).collect()
        })?)
    }
}

fn row(change: &Change) -> Row {
    Row {
        kind: match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Changed => 'C',
            ChangeKind::Deleted => 'D',
        },
        path: format!("/{}", String::from_utf8_lossy(&change.path)),
    }
}
