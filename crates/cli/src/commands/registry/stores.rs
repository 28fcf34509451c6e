//! Opens the stores of a registry, even while a server uses them.

use std::path::PathBuf;

use lazaret_registry::config::Overrides;
use lazaret_registry::{Root, Source, Upkeep};

use crate::commands::serve;
use crate::context::Context;
use crate::env_vars;
use crate::failure::Failure;
use crate::settings;

/// Which registry: what `lazaret serve` would serve with the same file and variables
#[derive(Debug, clap::Args)]
pub(crate) struct StoresArgs {
    /// Configuration file of the registry
    #[arg(long, value_name = "FILE", env = env_vars::serve::CONFIG)]
    config: Option<PathBuf>,
    /// Folder of the registry [default: as configured, or `registry` in the data folder]
    #[arg(long, value_name = "DIR")]
    root: Option<String>,
}

impl StoresArgs {
    /// Opens the stores, which must exist.
    pub(super) async fn open(self, context: &Context) -> Result<Upkeep, Failure> {
        let mut overrides = Overrides::default();
        overrides.variables(settings::serve_variables());
        if let Some(folder) = self.root {
            overrides.set("root", folder);
        }
        let source = Source {
            file: self.config,
            overrides,
            root: Root::Lasting(context.settings.data.join("registry")),
            ..Source::default()
        };
        source.open_stores().await.map_err(|error| match error {
            lazaret_registry::Error::Config(faults) => serve::refuse(context, &faults.0),
            error => error.into(),
        })
    }
}
