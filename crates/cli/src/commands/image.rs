use std::path::PathBuf;

use lazaret_supervisor::Image;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::{Printer, bytes, table};
use crate::progress::Bars;

/// The local image store
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Import an image: an OCI layout (folder or tar), a `docker save` tar, or a root file
    /// system folder
    Import {
        /// What to import
        source: PathBuf,
        /// Name in the store, `[registry/]repository[:tag]`
        name: String,
    },
    /// List the images
    #[command(alias = "list")]
    Ls,
    /// Show an image's manifest, configuration and disks
    Inspect {
        /// Name or digest prefix
        name: String,
    },
    /// Remove layers and disks that no image uses
    Prune {
        /// Show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove images, and the layers and disks that no other image uses
    #[command(alias = "remove")]
    Rm {
        /// Names or digest prefixes
        #[arg(required = true)]
        names: Vec<String>,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let printer = context.printer;
        match self {
            Self::Import { source, name } => {
                let before = home.images()?;
                let bars = Bars::new(printer, "import");
                let image = home.import_image(&source, &name, bars.sink()).await?;
                bars.clear();
                let mut same = before.iter().filter(|other| other.name == image.name);
                if let Some(old) = same.find(|other| other.digest != image.digest) {
                    printer.note(&format!("{} was {} before", old.name, old.digest));
                }
                print(printer, &image)?;
            }
            Self::Ls => {
                printer.result(&home.images()?, |images| {
                    let heading = ["NAME", "DIGEST", "PLATFORM", "SIZE"].map(str::to_owned);
                    let mut rows = vec![heading.to_vec()];
                    rows.extend(images.iter().map(|image| {
                        vec![
                            image.name.clone(),
                            image.digest.short().to_owned(),
                            image.platform.to_string(),
                            bytes(image.size),
                        ]
                    }));
                    table(&rows)
                })?;
            }
            Self::Inspect { name } => {
                printer.json(&home.inspect_image(&name)?)?;
            }
            Self::Prune { dry_run } => {
                let pruned = home.prune_images(dry_run)?;
                printer.result(&pruned, |pruned| {
                    let verb = if dry_run { "would be" } else { "were" };
                    let blobs = pruned.blobs.iter().map(|digest| format!("blob {digest}\n"));
                    let disks = pruned.disks.iter().map(|key| format!("disk {key}\n"));
                    let freed = bytes(pruned.freed);
                    let lines: String = blobs.chain(disks).collect();
                    format!("{lines}{freed} {verb} freed")
                })?;
            }
            Self::Rm { names } => {
                for name in names {
                    let removed = home.remove_image(&name)?;
                    printer.note(&format!(
                        "removed {}, {} freed",
                        removed.name,
                        bytes(removed.freed)
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Prints an image that came into the store.
pub(super) fn print(printer: Printer, image: &Image) -> Result<(), Failure> {
    Ok(printer.made(image, &image.digest.to_string(), |image| {
        let size = bytes(image.size);
        format!("image {}\n{} ({size})", image.name, image.digest)
    })?)
}
