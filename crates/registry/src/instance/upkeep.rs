//! Opens the stores of an existing registry for upkeep, even while a server uses them.

use std::sync::Arc;

use lazaret_content::collect::{self, retention::Retention};
use lazaret_content::{BlobStore, Database, Durability};

use super::home::Home;
use super::source::{Root, Source};
use super::{settings, stores};
use crate::Error;

/// The stores of a registry, with the settings of its server's collection.
pub struct Upkeep {
    /// The metadata.
    pub database: Arc<dyn Database>,
    /// The content.
    pub objects: Arc<dyn BlobStore>,
    /// The settings of the server's collection.
    pub collection: collect::Settings,
    /// The retention rules of the server.
    pub retention: Retention,
}

impl Source {
    /// Opens the stores of an existing registry.
    ///
    /// # Errors
    /// Fails when settings are invalid, or stores do not exist or cannot be opened.
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
