//! The stores of a registry, beside the server that may run over them.

use std::path::PathBuf;
use std::sync::Arc;

use lazaret_store::{BlobStore, Database, Durability, FileObjects, SqlMetadata, SystemClock};

use crate::commands::Context;
use crate::failure::Failure;

/// Which registry
#[derive(Debug, clap::Args)]
pub(crate) struct StoresArgs {
    /// Folder of the registry [default: `registry` in the data folder]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// An open registry.
pub(super) struct Stores {
    pub(super) database: Arc<dyn Database>,
    pub(super) objects: Arc<dyn BlobStore>,
}

impl StoresArgs {
    /// Opens the stores; there must be some.
    pub(super) async fn open(self, context: &Context) -> Result<Stores, Failure> {
        let root = self
            .root
            .unwrap_or_else(|| context.settings.data.join("registry"));
        let path = root.join("registry.db");
        if !path.exists() {
            return Err(Failure::usage_with(
                format!("there is no registry in '{}'", root.display()),
                "name the folder that `lazaret serve` uses with --root",
            ));
        }
        let clock = Arc::new(SystemClock);
        let database = SqlMetadata::sqlite(&path, Durability::Synced, clock);
        let objects = FileObjects::open(&root, Durability::Synced).map_err(store)?;
        Ok(Stores {
            database: Arc::new(database.await.map_err(store)?),
            objects: Arc::new(objects),
        })
    }
}

/// A failure of the stores.
pub(super) fn store(error: lazaret_store::Error) -> Failure {
    Failure::Engine(error.into())
}
