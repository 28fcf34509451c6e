//! Connections to SQLite: one for writing, a few for reading.

use std::fs::{File, OpenOptions};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use super::dialect::Dialect;
use super::fault::Fault;
use super::schema;
use super::spare::Spare;
use super::sync::LogSync;
use crate::error::io;
use crate::{Durability, Error};

/// Number of connections for reading. Each has a thread and a cache.
const READERS: usize = 4;

/// Settings of each connection: waiting for other processes; a cache of 4 MiB; the log is copied
/// into the database every 1000 pages (4 MiB) and is cut to at most 16 MiB.
const SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; \
    PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 1000; \
    PRAGMA journal_size_limit = 16777216;";

/// Longest wait for another process that opens the same new file.
const OPENING: Duration = Duration::from_secs(10);

/// Makes a missing file, readable by its owner alone: it holds hashes of secrets and the names of
/// everything. The access of others to one that is there is taken away; SQLite gives the files
/// beside it the same permissions.
fn make_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600);
    let file = file.open(path).map_err(io("open", path))?;
    let mut permissions = file.metadata().map_err(io("inspect", path))?.permissions();
    if permissions.mode() & 0o007 != 0 {
        permissions.set_mode(permissions.mode() & !0o007);
        let set = file.set_permissions(permissions);
        set.map_err(io("set the permissions of", path))?;
    }
    Ok(())
}

/// An open database file.
pub(super) struct Sqlite {
    options: AnyConnectOptions,
    durability: Durability,
    writer: Mutex<Option<AnyConnection>>,
    permits: Semaphore,
    readers: SyncMutex<Vec<AnyConnection>>,
    log: LogSync,
    spare: Spare,
    /// Locked while the database is open.
    _lock: File,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, durability: Durability, now: i64) -> Result<Self, Error> {
        let (lock, alone) = lock(path)?;
        make_private(path)?;
        let options = options(path)?;
        let this = Self {
            options,
            durability,
            writer: Mutex::new(None),
            permits: Semaphore::new(READERS),
            readers: SyncMutex::new(Vec::new()),
            log: LogSync::new(with_suffix(path, "-wal")),
            spare: Spare::new(with_suffix(path, "-spare")),
            _lock: lock,
        };
        let is_changed = this
            .prepare(alone, now)
            .await
            .map_err(|fault| fault.into_error("open the metadata"))?;
        if is_changed {
            // No content may outlive the time at which the database was made.
            this.settle().await?;
        }
        Ok(this)
    }

    async fn prepare(&self, alone: bool, now: i64) -> Result<bool, Fault> {
        let mut writer = self.writer().await?;
        let is_changed = schema::migrate(&mut writer, Dialect::Sqlite, now).await?;
        if alone {
            sqlx::query("UPDATE uploads SET claim = NULL WHERE claim IS NOT NULL")
                .execute(&mut *writer)
                .await?;
        }
        Ok(is_changed)
    }

    /// The connection for writing, when it is this caller's turn.
    pub(super) async fn writer(&self) -> Result<Writer<'_>, Fault> {
        let mut writer = Writer(self.writer.lock().await);
        self.spare.yield_room();
        if writer.0.is_none() {
            *writer.0 = Some(self.connect().await?);
        }
        Ok(writer)
    }

    /// Holds room for deletions, if the disk has it beside `reserve` bytes.
    pub(super) fn hold_room(&self, reserve: u64) {
        self.spare.hold_room(reserve);
    }

    /// A connection for reading.
    pub(super) async fn reader(&self) -> Result<Reader<'_>, Fault> {
        let permit = self.permits.acquire().await;
        let _permit = permit.expect("the semaphore is never closed");
        let idle = lock_readers(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let mut connection = self.connect().await?;
                connection.execute("PRAGMA query_only = ON").await?;
                connection
            }
        };
        Ok(Reader {
            connection: Some(connection),
            idle: &self.readers,
            _permit,
        })
    }

    /// Waits until all commits are durable.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        match self.durability {
            Durability::Synced => self.log.wait().await,
            Durability::Ephemeral => Ok(()),
        }
    }

    async fn connect(&self) -> Result<AnyConnection, Fault> {
        let mut connection = self.options.connect().await?;
        connection.execute(SETTINGS).await?;
        // Switching a new file to WAL mode needs exclusive access, and does not wait by itself.
        let started = tokio::time::Instant::now();
        while let Err(error) = connection.execute("PRAGMA journal_mode = WAL").await {
            if started.elapsed() > OPENING || !is_busy(&error) {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        connection
            .execute(match self.durability {
                Durability::Synced => "PRAGMA synchronous = NORMAL",
                Durability::Ephemeral => "PRAGMA synchronous = OFF",
            })
            .await?;
        Ok(connection)
    }
}

/// Takes the shared lock of a database; also returns `true` when no other process uses it now.
fn lock(path: &Path) -> Result<(File, bool), Error> {
    let path = with_suffix(path, "-lock");
    let failed = io("lock", &path);
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(&failed)?;
    let alone = match file.try_lock() {
        Ok(()) => true,
        Err(std::fs::TryLockError::WouldBlock) => false,
        Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
    };
    file.lock_shared().map_err(&failed)?;
    Ok((file, alone))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn options(path: &Path) -> Result<AnyConnectOptions, Error> {
    use std::fmt::Write as _;
    sqlx::any::install_default_drivers();
    let text = path.to_str().ok_or_else(|| Error::Name {
        what: "database path",
        text: path.display().to_string(),
    })?;
    let mut url = "sqlite:".to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    url.push_str("?mode=rwc");
    let options = AnyConnectOptions::from_str(&url)
        .map_err(|error| Fault::from(error).into_error("open the metadata"))?;
    Ok(options.disable_statement_logging())
}

fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY and its extended forms.
    let code = |error: &dyn sqlx::error::DatabaseError| error.code()?.parse::<u32>().ok();
    error
        .as_database_error()
        .and_then(code)
        .is_some_and(|code| code & 0xff == 5)
}

fn lock_readers(
    readers: &SyncMutex<Vec<AnyConnection>>,
) -> std::sync::MutexGuard<'_, Vec<AnyConnection>> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection for writing, for one turn.
pub(super) struct Writer<'a>(MutexGuard<'a, Option<AnyConnection>>);

impl Writer<'_> {
    /// Closes the connection; the next turn opens another.
    pub(super) fn discard(&mut self) {
        *self.0 = None;
    }
}

impl Deref for Writer<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.0.as_ref().expect("a turn begins with a connection")
    }
}

impl DerefMut for Writer<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.0.as_mut().expect("a turn begins with a connection")
    }
}

/// A connection for reading; it is given back when dropped.
pub(super) struct Reader<'a> {
    connection: Option<AnyConnection>,
    idle: &'a SyncMutex<Vec<AnyConnection>>,
    _permit: SemaphorePermit<'a>,
}

impl Reader<'_> {
    /// Closes the connection instead of giving it back.
    pub(super) fn discard(&mut self) {
        self.connection = None;
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            lock_readers(self.idle).push(connection);
        }
    }
}

impl Deref for Reader<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.connection.as_ref().expect("it is there until dropped")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.connection.as_mut().expect("it is there until dropped")
    }
}
