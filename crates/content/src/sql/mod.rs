//! Metadata in SQLite or PostgreSQL: one adapter, one set of statements.
//!
//! What may not happen is kept from happening by the database, not by the process, because
//! replicas share it:
//!
//! * a change inside a repository locks the repository's row first, so that these are in order;
//! * locks are taken in the order upload, repositories by name, blobs by digest;
//! * what was looked at before a lock was had is looked at again after;
//! * foreign keys stand behind it all: a link that a manifest names and a blob that a
//!   repository links cannot go.
//!
//! SQLite has one writer at a time, which gives the same with less.

mod access;
mod blobs;
mod capabilities;
mod collection;
mod fault;
mod links;
mod listings;
mod manifests;
mod metadata;
mod postgres;
mod removal;
mod schema;
mod sqlite;
mod sync;
mod uploads;
mod values;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use access::Access;

use crate::{Clock, Durability, Error};

/// Metadata in a database.
pub struct SqlMetadata {
    access: Access,
    clock: Arc<dyn Clock>,
}

impl SqlMetadata {
    /// Opens or creates an SQLite database file. If no other process has it open, claims of
    /// uploads are cleared: whoever held them is gone.
    ///
    /// An ephemeral database is never synced; it may be damaged after power is lost.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or is newer than this program.
    pub async fn sqlite(
        path: &Path,
        durability: Durability,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let sqlite = sqlite::Sqlite::open(path, durability).await?;
        let access = Access::Sqlite(Box::new(sqlite));
        Ok(Self { access, clock })
    }

    /// Connects to a PostgreSQL database, which any number of replicas may share, with at most
    /// `connections` connections (two at least).
    ///
    /// # Errors
    /// When the database is out of reach or newer than this program.
    pub async fn postgres(
        url: &str,
        connections: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let access = Access::Postgres(postgres::Postgres::connect(url, connections).await?);
        Ok(Self { access, clock })
    }

    /// Milliseconds since 1970, now.
    fn now(&self) -> i64 {
        values::millis(self.clock.now())
    }
}

impl std::fmt::Debug for SqlMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlMetadata")
            .field("dialect", &self.access.dialect())
            .finish_non_exhaustive()
    }
}
