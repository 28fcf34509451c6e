use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};

/// The local store as a whole
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show what images, disks and kernels take, and how much `image prune` would free
    Df,
}

impl Command {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Df => {
                let usage = context.home()?.disk_usage()?;
                context.printer.result(&usage, |usage| {
                    let heading = ["KIND", "COUNT", "SIZE", "RECLAIMABLE"].map(str::to_owned);
                    let mut rows = vec![heading.to_vec()];
                    rows.extend(usage.iter().map(|usage| {
                        vec![
                            usage.kind.to_owned(),
                            usage.count.to_string(),
                            bytes(usage.bytes),
                            bytes(usage.reclaimable),
                        ]
                    }));
                    table(&rows)
                })?;
            }
        }
        Ok(())
    }
}
