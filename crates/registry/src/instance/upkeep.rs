//! The stores of a registry that is there already, for upkeep beside the server that may run
//! over them.

use std::sync::Arc;

use lazaret_content::collect::{self, retention::Retention};
use lazaret_content::{BlobStore, Database, Durability};

use super::home::Home;
use super::source::{Root, Source};
use super::{settings, stores};
use crate::Error;

/// The stores of a registry, and how its server collects.
pub struct Upkeep {
    /// Names and relations.
    pub database: Arc<dyn Database>,
    /// Content.
    pub objects: Arc<dyn BlobStore>,
    /// Settings of the server's own collection.
    pub collection: collect::Settings,
    /// The content that the server keeps.
    pub retention: Retention,
}

impl Source {
    /// Opens the stores of a registry that is there already.
    ///
    /// # Errors
    /// Fails when settings are wrong, or stores are out of reach or not there.
    pub async fn open_stores(&self) -> Result<Upkeep, Error> {
        let (config, _) = self.read()?;
        let (Root::Lasting(path) | Root::Temporary(path)) = &self.root;
        let home = Home {
            path: path.clone(),
            durability: Durability::Synced,
            lock: None,
        };
        if config.metadata.postgres.is_none() {
            let path = stores::sqlite(&config, &home.path);
            if !path.exists() {
                return Err(Error::NoRegistry { path });
            }
        }
        let (collection, retention) = settings::collection(&config);
        Ok(Upkeep {
            objects: stores::objects(&config, &home)?,
            database: stores::metadata(&config, &home).await?,
            collection,
            retention,
        })
    }
}
