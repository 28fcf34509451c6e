use std::path::PathBuf;
use std::str::FromStr;

use lazaret_oci::{Platform, Reference};
use lazaret_supervisor::Pulled;

use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Bars;

/// Pull an artifact to a file or standard output, or an image into the store
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// `registry/repository[:tag][@digest]`, or the name of an image in a catalogue
    reference: String,
    /// Write the artifact to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Platform of the image, `os/architecture[/variant]` [default: this machine's]
    #[arg(long, value_parser = Platform::from_str)]
    platform: Option<Platform>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if let Some(output) = &self.output {
            lazaret_supervisor::check_output(output)?;
        }
        let home = context.home()?;
        let bars = Bars::new(context.printer, "pull");
        let pulled = match home.pull_prebuilt(&self.reference, bars.sink()).await? {
            Some(image) => Pulled::Image(image),
            None => {
                let reference = Reference::from_str(&self.reference)?;
                home.pull(&reference, self.platform.as_ref(), bars.sink())
                    .await?
            }
        };
        bars.clear();
        match pulled {
            Pulled::Artifact(artifact) => match self.output {
                None => context.printer.raw(&artifact.config)?,
                Some(path) => {
                    lazaret_supervisor::write_file(&path, &artifact.config)?;
                    context.printer.note(&format!(
                        "{} {}@{} -> {}",
                        artifact.family,
                        artifact.reference,
                        artifact.digest,
                        path.display()
                    ));
                }
            },
            Pulled::Image(image) => {
                if self.output.is_some() {
                    return Err(Failure::usage_with(
                        format!("{} is an image; --output is for artifacts", self.reference),
                        "the image is in the store now; see `lazaret image ls`",
                    ));
                }
                super::image::print(context.printer, &image)?;
            }
        }
        Ok(())
    }
}
