use std::collections::BTreeMap;

use lazaret_supervisor::notation::volumes::{self as filter, Filter};
use lazaret_supervisor::{Home, NamedVolume, WantedVolume};
use lazaret_values::Size;
use serde::Serialize;

use super::machine::time;
use super::rootfs::disk_size;
use super::run::flags::label;
use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};

/// Volumes: disks that outlive machines
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make an empty volume, unless there is one of that name
    Create {
        /// Its name [default: a random one]
        name: Option<String>,
        /// Size of its disk, in MiB or as `512MiB`, `8GiB`; only what is written takes room
        /// [default: half of what is free on this host, at most 16GiB]
        #[arg(long, value_name = "SIZE", value_parser = disk_size)]
        size: Option<Size>,
        /// Label it, `KEY` or `KEY=VALUE`
        #[arg(short, long, value_name = "KEY[=VALUE]")]
        label: Vec<String>,
    },
    /// List volumes
    #[command(alias = "list")]
    Ls {
        /// Only those that match: `name=PART`, `label=KEY[=VALUE]`, `dangling=true|false`
        #[arg(short, long, value_name = "KEY=VALUE")]
        filter: Vec<Filter>,
    },
    /// Show everything about volumes, as JSON
    Inspect {
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Remove volumes that no machine uses, with everything on them
    #[command(alias = "remove")]
    Rm {
        /// Say nothing of volumes that do not exist
        #[arg(short, long)]
        force: bool,
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Remove the volumes without a name that no machine uses
    Prune {
        /// Those with a name, too
        #[arg(short, long)]
        all: bool,
        /// Remove only those that match: `name=PART`, `label=KEY[=VALUE]`
        #[arg(long, value_name = "KEY=VALUE")]
        filter: Vec<Filter>,
        /// Show what would be removed
        #[arg(long)]
        dry_run: bool,
        /// Accepted for scripts that give it; nothing is asked
        #[arg(short, long)]
        force: bool,
    },
}

/// A volume, as it is listed.
#[derive(Serialize)]
struct Row {
    name: String,
    size: u64,
    /// Bytes that it takes on the host.
    allocated: u64,
    created_at: String,
    labels: BTreeMap<String, String>,
    anonymous: bool,
    machines: Vec<String>,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let printer = context.printer;
        match self {
            Self::Create {
                name,
                size,
                label: labels,
            } => {
                let wanted = WantedVolume {
                    name,
                    bytes: size.map(|size| size.0),
                    labels: labels.iter().map(|entry| label(entry)).collect(),
                };
                printer.data(&home.create_volume(wanted).await?.name)?;
            }
            Self::Ls { filter } => list(context, &home, &filter)?,
            Self::Inspect { names } => {
                let found = names.iter().map(|name| home.volume(name));
                let found = found.collect::<Result<Vec<_>, _>>()?;
                let described: Vec<_> = found.iter().map(NamedVolume::describe).collect();
                printer.json(&described)?;
            }
            Self::Rm { force, names } => {
                return for_each(context, &names, async |name| {
                    match home.remove_volume(name).await {
                        Err(lazaret_supervisor::Error::VolumeNotFound { .. }) if force => Ok(()),
                        removed => {
                            removed?;
                            Ok(printer.data(name)?)
                        }
                    }
                })
                .await;
            }
            Self::Prune {
                all,
                filter,
                dry_run,
                force: _,
            } => {
                let pruned = home.prune_volumes(all, &filter, dry_run).await?;
                printer.result(&pruned, |pruned| {
                    let lines = pruned.volumes.iter().map(|name| format!("{name}\n"));
                    let verb = if dry_run { "would be" } else { "were" };
                    let freed = bytes(pruned.freed);
                    format!("{}{freed} {verb} freed", lines.collect::<String>())
                })?;
            }
        }
        Ok(())
    }
}

fn list(context: &Context, home: &Home, filters: &[Filter]) -> Result<(), Failure> {
    let volumes = home.volumes()?.into_iter();
    let rows: Vec<Row> = volumes
        .filter(|found| filter::passes(found, filters))
        .map(|found| Row {
            name: found.volume.name,
            size: found.volume.size,
            allocated: found.allocated,
            created_at: time::stamp(found.volume.created),
            labels: found.volume.labels,
            anonymous: found.volume.anonymous,
            machines: found.machines,
        })
        .collect();
    let printer = context.printer;
    Ok(printer.result(&rows, |rows| {
        if printer.quiet {
            return rows.iter().map(|row| row.name.clone() + "\n").collect();
        }
        let mut lines = vec![
            ["NAME", "SIZE", "TAKES", "MACHINES"]
                .map(str::to_owned)
                .to_vec(),
        ];
        lines.extend(rows.iter().map(|row| {
            vec![
                row.name.clone(),
                bytes(row.size),
                bytes(row.allocated),
                row.machines.join(","),
            ]
        }));
        table(&lines)
    })?)
}
