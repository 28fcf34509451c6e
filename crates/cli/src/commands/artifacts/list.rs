use std::path::PathBuf;

use lazaret_supervisor::{ListedArtifact, list_variants};

use super::which::{DOCUMENT, document};
use crate::context::Context;
use crate::failure::Failure;

/// List the artifacts with their variants, and where their files are
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Document with kernels, guest images and machines
    #[arg(long, value_name = "FILE", default_value = DOCUMENT)]
    config: PathBuf,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let listed = list_variants(&document(context, &self.config)?)?;
        context.printer.result(&listed, |listed| {
            listed.iter().flat_map(lines).collect::<Vec<_>>().join("\n")
        })?;
        Ok(())
    }
}

/// The lines of Port.
fn lines(artifact: &ListedArtifact) -> Vec<String> {
    let mut lines = vec![format!("artifact: {}", artifact.name)];
    for variant in &artifact.variants {
        lines.push(format!(
            "variant: {}\tavailability={}\tlocal={}\tcache={}",
            variant.selector,
            variant.availability.as_str(),
            variant.local_present,
            variant.cache_present
        ));
        lines.push(format!("local path: {}", variant.local_path.display()));
        lines.push(format!("cache path: {}", variant.cache_path.display()));
    }
    lines
}
