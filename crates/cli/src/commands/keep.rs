use std::path::PathBuf;

use crate::failure::Failure;

/// Keep the memory of a template. The process that holds a machine starts this command.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// The folder of the templates
    folder: PathBuf,
    /// What to keep, as JSON
    order: String,
}

impl Args {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        Ok(lazaret_supervisor::keep(&self.folder, &self.order).await?)
    }
}
