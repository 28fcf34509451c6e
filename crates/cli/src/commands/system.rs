mod check;

use lazaret_supervisor::Pruned;
use serde::Serialize;

use crate::commands::machine::prune;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::printer::{bytes, table};

/// The local store as a whole
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show what this host gives to machines and what to do about each gap. Fails only when machines
    /// cannot run at all
    Check,
    /// Show what images, disks, kernels, machines, volumes, checkpoints and templates take, and what
    /// `prune` and `volume prune` would free
    Df,
    /// Remove what is not needed: machines that do not run, layers and disks that no image uses, and
    /// templates, which are made again
    Prune {
        /// Show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// What `system prune` removed.
#[derive(Serialize)]
struct Everything {
    machines: Vec<String>,
    images: Pruned,
    /// Bytes of templates.
    templates: u64,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        match self {
            Self::Check => return check::run(context).await,
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
            Self::Prune { dry_run } => {
                let home = context.home()?;
                let machines = home.prune_machines(&[], dry_run).await?;
                let everything = Everything {
                    machines,
                    images: home.prune_images(dry_run)?,
                    templates: home.prune_templates(dry_run)?,
                };
                context.printer.result(&everything, |pruned| {
                    let verb = if dry_run { "would be" } else { "were" };
                    let machines = prune::count(pruned.machines.len());
                    let freed = bytes(pruned.images.freed + pruned.templates);
                    format!("{machines} and {freed} of disks, layers and templates {verb} removed")
                })?;
            }
        }
        Ok(exit::SUCCESS)
    }
}
