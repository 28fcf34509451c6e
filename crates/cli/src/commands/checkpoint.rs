use lazaret_oci::Reference;
use lazaret_supervisor::{CheckpointError, Error, NamedCheckpoint};
use serde::Serialize;
use serde_json::json;

use super::machine::time;
use crate::commands::each::for_each;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{bytes, table};
use crate::progress::Bars;

/// Checkpoints: machines that were saved while they ran, and where others begin (`run --from`)
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Save a running machine: memory, processes and disks; it stands still for a moment
    Create {
        /// Name or id of the machine
        machine: String,
        /// Name of the checkpoint
        name: String,
    },
    /// List checkpoints
    #[command(alias = "list")]
    Ls,
    /// Show everything about checkpoints, as JSON
    Inspect {
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Push a checkpoint as an OCI artifact, with everything that its memory has
    Push {
        /// Its name
        name: String,
        /// `registry/repository[:tag]`
        reference: Reference,
    },
    /// Pull a checkpoint; it needs the kernel and the QEMU with which it was made
    Pull {
        /// `registry/repository[:tag]`
        reference: Reference,
        /// Name for it here [default: its own]
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove checkpoints; machines that began from them stay
    #[command(alias = "remove")]
    Rm {
        /// Say nothing of checkpoints that do not exist
        #[arg(short, long)]
        force: bool,
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
    },
}

/// A checkpoint, as it is listed.
#[derive(Serialize)]
struct Row {
    name: String,
    image: String,
    /// The machine that was saved.
    machine: String,
    machine_id: String,
    created_at: String,
    memory_mib: u64,
    /// Bytes that it takes on the host.
    allocated: u64,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let printer = context.printer;
        match self {
            Self::Create { machine, name } => {
                let checkpoint = home.create_checkpoint(&machine, &name).await?;
                printer.data(&checkpoint.name)?;
            }
            Self::Ls => {
                let rows: Vec<Row> = home.checkpoints()?.iter().map(row).collect();
                printer.result(&rows, |rows| match printer.quiet {
                    true => rows.iter().map(|row| row.name.clone() + "\n").collect(),
                    false => lines(rows),
                })?;
            }
            Self::Inspect { names } => {
                let found = names.iter().map(|name| home.checkpoint(name));
                let found = found.collect::<Result<Vec<_>, _>>()?;
                let described: Vec<_> = found.iter().map(describe).collect();
                printer.json(&described)?;
            }
            Self::Push { name, reference } => {
                let bars = Bars::new(printer, "push");
                let pushed = home.push_checkpoint(&name, &reference, bars.sink()).await?;
                bars.clear();
                printer.made(&pushed, &pushed.digest.to_string(), |pushed| {
                    format!("{}\n{}", pushed.reference, pushed.digest)
                })?;
            }
            Self::Pull { reference, name } => {
                let bars = Bars::new(printer, "pull");
                let pulled = home.pull_checkpoint(&reference, name.as_deref(), bars.sink());
                let pulled = pulled.await?;
                bars.clear();
                printer.data(&pulled.name)?;
            }
            Self::Rm { force, names } => {
                return for_each(context, &names, async |name| {
                    match home.remove_checkpoint(name).await {
                        Err(Error::Checkpoint(CheckpointError::NotFound { .. })) if force => Ok(()),
                        removed => {
                            removed?;
                            Ok(printer.data(name)?)
                        }
                    }
                })
                .await;
            }
        }
        Ok(())
    }
}

fn row(found: &NamedCheckpoint) -> Row {
    let checkpoint = &found.checkpoint;
    let machine = &checkpoint.machine;
    Row {
        name: checkpoint.name.clone(),
        image: machine.image.clone(),
        machine: machine.name.clone(),
        machine_id: machine.id.clone(),
        created_at: time::stamp(checkpoint.created),
        memory_mib: machine.resources().memory_mib,
        allocated: found.allocated,
    }
}

fn lines(rows: &[Row]) -> String {
    let heading = ["NAME", "IMAGE", "MACHINE", "MEMORY", "TAKES", "CREATED"];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            row.name.clone(),
            row.image.clone(),
            row.machine.clone(),
            format!("{}MiB", row.memory_mib),
            bytes(row.allocated),
            row.created_at.clone(),
        ]
    }));
    table(&lines)
}

fn describe(found: &NamedCheckpoint) -> serde_json::Value {
    let checkpoint = &found.checkpoint;
    let machine = &checkpoint.machine;
    let resources = machine.resources();
    json!({
        "name": checkpoint.name,
        "created": time::stamp(checkpoint.created),
        "image": machine.image,
        "image_digest": machine.image_digest,
        "from": {
            "machine": machine.id,
            "machine_name": machine.name,
        },
        "config": {
            "command": machine.command(),
            "hostname": machine.hostname(),
            "tty": machine.has_terminal(),
            "interactive": machine.options.interactive,
        },
        "mounts": machine.mounts(),
        "machine": {
            "cpus": resources.cpus,
            "memory_mib": resources.memory_mib,
            "accelerator": resources.accelerator.name(),
            "kernel": resources.kernel,
            "qemu": resources.hypervisor,
        },
        "allocated": found.allocated,
        "folder": found.folder,
    })
}
