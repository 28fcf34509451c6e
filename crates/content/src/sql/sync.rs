//! Syncs the log of SQLite: one sync serves all transactions that committed before it began.
//!
//! SQLite in WAL mode appends a transaction's pages to the log, followed by a commit record; with
//! `synchronous=NORMAL` it syncs the log only before it copies it into the database. Syncing the
//! log after the commit and before the acknowledgement gives the durability of `synchronous=FULL`:
//! after power is lost, recovery replays the log up to the last whole commit record, and every
//! acknowledged transaction is before that. Because this happens outside of the writer's turn,
//! transactions that commit while a sync runs share the next one.
//!
//! After a failed sync, the state of the disk is unknown, and a second sync may succeed without
//! having written the data that the first one lost. So nothing is acknowledged any more until the
//! database is opened again.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lazaret_files::blocking;
use tokio::sync::Mutex;

use crate::error::io;
use crate::{Durability, Error};

/// Syncs the log of one database.
pub(super) struct LogSync {
    log: PathBuf,
    /// Number of commits so far.
    committed: AtomicU64,
    /// Whether a sync failed.
    broken: Arc<AtomicBool>,
    /// The holder of this lock syncs.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Number of commits that are durable.
    durable: u64,
    /// Inode of the log file whose directory entry is durable, too.
    inode: Option<u64>,
}

impl LogSync {
    pub(super) fn new(log: PathBuf) -> Self {
        Self {
            log,
            committed: AtomicU64::new(0),
            broken: Arc::default(),
            state: Mutex::default(),
        }
    }

    /// Waits until everything that was committed before the call is durable.
    pub(super) async fn wait(&self) -> Result<(), Error> {
        let mine = self.committed.fetch_add(1, Ordering::SeqCst) + 1;
        let mut state = self.state.lock().await;
        if state.durable >= mine {
            return Ok(());
        }
        // Every commit that is counted here happened before the sync begins.
        let covered = self.committed.load(Ordering::SeqCst);
        let (log, inode, broken) = (self.log.clone(), state.inode, self.broken.clone());
        state.inode = blocking(move || sync(&log, inode, &broken)).await?;
        state.durable = covered;
        Ok(())
    }
}

/// Syncs the log, and its folder unless the file is the known one.
fn sync(log: &Path, known: Option<u64>, broken: &AtomicBool) -> Result<Option<u64>, Error> {
    if broken.load(Ordering::SeqCst) {
        return Err(io("sync", log)(std::io::Error::other("it failed before")));
    }
    let file = match File::open(log) {
        Ok(file) => file,
        // Closing the last connection has copied the log into the database and synced the database.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("open", log)(error)),
    };
    let inode = Some(file.metadata().map_err(io("examine", log))?.ino());
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = file.sync_data().map_err(io("sync", log)).and_then(|()| {
        if inode == known {
            return Ok(());
        }
        Ok(Durability::Synced.sync_dir(folder.unwrap_or(Path::new(".")))?)
    });
    if synced.is_err() {
        broken.store(true, Ordering::SeqCst);
    }
    synced.map(|()| inode)
}

#[cfg(test)]
mod tests;
