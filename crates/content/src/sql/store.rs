//! Opens a database of either kind.

use std::path::Path;
use std::sync::Arc;

use super::access::Access;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::values::millis;
use crate::reserve::Reserve;
use crate::{Clock, Durability, Error};

/// Metadata in an SQL database.
pub struct SqlMetadata {
    pub(super) access: Access,
    clock: Arc<dyn Clock>,
    /// The room that stays free on the disk of SQLite.
    reserve: Option<Reserve>,
}

impl SqlMetadata {
    /// Opens or creates an SQLite database file. If no other process has it open, claims of
    /// uploads are cleared, as their holders are gone.
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
        let sqlite = Sqlite::open(path, durability, millis(clock.now())).await?;
        let access = Access::Sqlite(Box::new(sqlite));
        Ok(Self {
            access,
            clock,
            reserve: None,
        })
    }

    /// Refuses uploads and manifests when they would leave less than `bytes` free on the disk of an
    /// SQLite database in `folder`, so that deletions can still be written. 0 keeps nothing free.
    /// May write a file, so it must not be called in async threads that others wait for.
    #[must_use]
    pub fn with_reserve(mut self, folder: &Path, bytes: u64) -> Self {
        self.reserve = (bytes > 0).then(|| Reserve::new(folder, bytes));
        self.hold_room();
        self
    }

    /// Fails when there is no room for more uploads and manifests. Holds room for deletions when
    /// there is again.
    pub(super) fn require_room(&self) -> Result<(), Error> {
        if let Some(reserve) = &self.reserve {
            reserve.require()?;
            self.hold_room();
        }
        Ok(())
    }

    fn hold_room(&self) {
        if let (Access::Sqlite(sqlite), Some(reserve)) = (&self.access, &self.reserve) {
            sqlite.hold_room(reserve.bytes());
        }
    }

    /// Connects to a PostgreSQL database, which any number of replicas may share, with at most
    /// `connections` connections (at least two).
    ///
    /// # Errors
    /// When the database is out of reach or newer than this program.
    pub async fn postgres(
        url: &str,
        connections: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let access =
            Access::Postgres(Postgres::connect(url, connections, millis(clock.now())).await?);
        Ok(Self {
            access,
            clock,
            reserve: None,
        })
    }

    /// The current time in milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        millis(self.clock.now())
    }
}

impl std::fmt::Debug for SqlMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlMetadata")
            .field("dialect", &self.access.dialect())
            .finish_non_exhaustive()
    }
}
