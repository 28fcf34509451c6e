//! Opens the stores of an existing registry for upkeep, even while a server uses them.

use std::sync::Arc;

use lazaret_content::collect::{self, retention::Retention};
use lazaret_content::{BlobStore, Database, Durability};
use lazaret_mirror::{Mirror, Plan};

use super::home::Home;
use super::source::{Root, Source};
use super::{mirror, settings, stores};
use crate::Error;
use crate::mirror::Rules;
use crate::stores::Stores;
use crate::terms::SharedTerms;

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

/// The stages of each upstream of some settings. Nothing is opened and nobody is asked.
///
/// # Errors
/// Fails when settings are invalid, or certificates of upstreams cannot be used.
pub fn mirror_plans(source: &Source) -> Result<Vec<Plan>, Error> {
    let (config, _) = source.read()?;
    mirror::plans(&config, source)
}

impl Source {
    /// Opens the mirror of some settings, even while a server uses its stores, and makes the stores if
    /// there are none.
    ///
    /// # Errors
    /// Fails when settings are invalid or name no upstream, or stores cannot be opened.
    pub async fn open_mirror(&self) -> Result<Arc<Mirror>, Error> {
        let (config, _) = self.read()?;
        let home = self.lasting();
        let stores = Stores {
            objects: stores::objects(&config, &home)?,
            metadata: stores::metadata(&config, &home).await?,
        };
        let rules = Rules {
            stores: stores.clone(),
            terms: SharedTerms::new(settings::terms(&config)?),
        };
        let folder = stores::root(&config, &home.path).join(mirror::PARTIAL);
        mirror::open(&config, self, folder, &stores, rules)?.ok_or(Error::NoUpstream)
    }

    fn lasting(&self) -> Home {
        let (Root::Lasting(path) | Root::Temporary(path)) = &self.root;
        Home {
            path: path.clone(),
            durability: Durability::Synced,
            lock: None,
        }
    }

    /// Opens the stores of an existing registry.
    ///
    /// # Errors
    /// Fails when settings are invalid, or stores do not exist or cannot be opened.
    pub async fn open_stores(&self) -> Result<Upkeep, Error> {
        let (config, _) = self.read()?;
        let home = self.lasting();
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
