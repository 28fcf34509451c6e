use std::path::PathBuf;
use std::str::FromStr;

use lazaret_artifacts::Family;
use lazaret_oci::Reference;
use lazaret_supervisor::PushRequest;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::bytes;
use crate::progress::Bars;

/// Push an artifact file or an image to a registry
///
/// SOURCE is an artifact file (YAML or JSON), an OCI layout (folder or tar), a `docker save`
/// tar, or the name of a cached image.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to push
    source: String,
    /// Where to, `registry/repository[:tag]`
    #[arg(value_parser = Reference::from_str)]
    reference: Reference,
    /// Family of the artifact [default: the nearest family segment of the repository, as in
    /// `acme/agents/hello`]
    #[arg(long, value_parser = Family::from_str)]
    family: Option<Family>,
    /// Folder or file that becomes the artifact's content (tool, knowledge, fileset)
    #[arg(long, value_name = "PATH")]
    content: Option<PathBuf>,
    /// Replace an artifact that has content with this one, which has none
    #[arg(long, conflicts_with = "content")]
    no_content: bool,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let bars = Bars::new(context.printer, "push");
        let request = PushRequest {
            source: self.source,
            reference: self.reference,
            family: self.family,
            content: self.content,
            drops_content: self.no_content,
        };
        let pushed = home.push(request, bars.sink()).await?;
        bars.clear();
        context
            .printer
            .made(&pushed, &pushed.digest.to_string(), |pushed| {
                format!(
                    "{} {}\n{} ({}, {})",
                    pushed.kind,
                    pushed.reference,
                    pushed.digest,
                    match pushed.layers {
                        0 => "no content".to_owned(),
                        1 => "1 layer".to_owned(),
                        layers => format!("{layers} layers"),
                    },
                    bytes(pushed.size),
                )
            })?;
        Ok(())
    }
}
