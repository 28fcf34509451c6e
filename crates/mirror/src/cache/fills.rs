//! All blobs that are being fetched by this process.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use lazaret_files::{blocking, children, free_bytes, io};
use lazaret_values::Chain;

use super::fill;
use super::origin::Origin;
use super::partial::{Key, Next, Partial};
use super::store::Store;
use crate::Error;
use crate::counts::Counts;

/// A fetch that is at most this many bytes before a byte brings it soon enough.
const NEAR: u64 = 16 * 1024 * 1024;
/// Multiple of bytes in which parts are fetched, so that small reads that follow each other are one
/// request.
const PART: u64 = 256 * 1024;
/// Most blobs under way before those are dropped that nobody reads: each has a file open.
const MOST: usize = 256;
/// Bytes that stay free on the disk, beside those that the store keeps free itself.
const RESERVE: u64 = 64 * 1024 * 1024;
/// Age at which the files of an unfinished blob are removed.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);

/// The blobs that are under way, and the folder of their files.
pub(crate) struct Fills {
    folder: PathBuf,
    store: Store,
    counts: Arc<Counts>,
    under_way: Mutex<HashMap<Key, Arc<Partial>>>,
}

impl Fills {
    /// Opens the folder. Unfinished blobs of earlier processes are continued when they are asked
    /// for.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub(crate) fn open(folder: &Path, store: Store, counts: Arc<Counts>) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
        let fills = Self {
            folder: folder.to_owned(),
            store,
            counts,
            under_way: Mutex::default(),
        };
        fills.remove_old()?;
        Ok(fills)
    }

    /// The blob of `size` bytes, under way or begun now.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub(crate) async fn get(self: &Arc<Self>, key: Key, size: u64) -> Result<Arc<Partial>, Error> {
        let fills = Arc::clone(self);
        blocking(move || {
            let mut under_way = fills.lock();
            if let Some(partial) = under_way.get(&key)
                && partial.size == size
                && partial.revive()
            {
                return Ok(Arc::clone(partial));
            }
            if under_way.len() >= MOST {
                drop_idle(&mut under_way);
            }
            let partial = Arc::new(Partial::open(&fills.folder, key.clone(), size)?);
            under_way.insert(key, Arc::clone(&partial));
            Ok(partial)
        })
        .await
    }

    /// The size of a blob that is under way, in bytes.
    pub(crate) fn size_of(&self, key: &Key) -> Option<u64> {
        self.lock().get(key).map(|partial| partial.size)
    }

    /// Has the whole blob fetched, verified and stored, unless that is under way. It goes on when
    /// every reader has left.
    pub(crate) fn fill(self: &Arc<Self>, partial: &Arc<Partial>, origin: &Arc<dyn Origin>) {
        if !partial.begin_filling() {
            return;
        }
        if let Err(error) = self.require_room(partial.size.saturating_sub(partial.present())) {
            partial.fail(error.clone());
            self.ended(partial, &Err(error));
            return;
        }
        let (fills, partial, origin) = (Arc::clone(self), Arc::clone(partial), Arc::clone(origin));
        tokio::spawn(async move {
            let outcome = fill::whole(&partial, &*origin, &fills.store, &fills.counts).await;
            if let Err(error) = &outcome {
                partial.fail(error.clone());
            }
            fills.ended(&partial, &outcome);
        });
    }

    /// Has a part fetched, unless it is coming. The blob is stored when nothing is absent any more.
    pub(crate) fn demand(
        self: &Arc<Self>,
        partial: &Arc<Partial>,
        origin: &Arc<dyn Origin>,
        part: Range<u64>,
    ) {
        let start = part.start - part.start % PART;
        let end = part.end.div_ceil(PART).saturating_mul(PART);
        let Next::Fetch(number, hole) = partial.begin_fetch(start..end.min(partial.size), NEAR)
        else {
            return;
        };
        let room = self.require_room(hole.end - hole.start);
        let (fills, partial, origin) = (Arc::clone(self), Arc::clone(partial), Arc::clone(origin));
        tokio::spawn(async move {
            if let Err(error) = room {
                partial.end_fetch(number);
                if partial.fail_part(&error) {
                    fills.ended(&partial, &Err(error));
                }
                return;
            }
            let fetched = fill::fetch(&partial, &*origin, number, hole, &fills.counts).await;
            // Otherwise the whole is being fetched, and this part with it.
            if let Err(error) = &fetched
                && partial.fail_part(error)
            {
                fills.ended(&partial, &fetched);
            }
            partial.end_fetch(number);
            if fetched.is_ok() && partial.present() == partial.size {
                fills.fill(&partial, &origin);
            }
        });
    }

    /// Takes note of the end of work on a blob. One that was not finished goes on when it is asked
    /// for again.
    fn ended(&self, partial: &Arc<Partial>, outcome: &Result<(), Error>) {
        let goes_on = matches!(
            outcome,
            Err(Error::Unavailable { .. } | Error::Refused { .. } | Error::NotFound { .. })
        );
        if let Err(error) = outcome {
            tracing::warn!(repository = %partial.key.repository, digest = %partial.key.digest, error = %Chain(error), "a blob was not fetched");
        }
        if let Err(Error::Files(_)) = outcome {
            // What the disk did not take gives its room back.
            let removed = Arc::clone(partial);
            tokio::task::spawn_blocking(move || removed.remove());
        }
        let mut under_way = self.lock();
        if !goes_on
            && under_way
                .get(&partial.key)
                .is_some_and(|known| Arc::ptr_eq(known, partial))
        {
            under_way.remove(&partial.key);
        }
    }

    /// Forgets blobs of which parts were read and that nobody reads now, and removes files of old
    /// ones. Blocks.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        drop_idle(&mut self.lock());
        self.remove_old()
    }

    /// Removes files of unfinished blobs that nobody reads, the oldest first, until they have at most
    /// `limit` bytes. Blocks.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub(crate) fn trim(&self, limit: u64) -> Result<(), Error> {
        use std::os::unix::fs::MetadataExt as _;
        let mut total = self.bytes()?;
        if total <= limit {
            return Ok(());
        }
        let under_way = self.lock();
        let used: Vec<PathBuf> = under_way
            .values()
            .map(|partial| partial.content().to_owned())
            .collect();
        let mut unused = Vec::new();
        for path in children(&self.folder)? {
            if !used.contains(&path.with_extension("data"))
                && let Ok(file) = fs::metadata(&path)
            {
                unused.push((
                    file.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                    file.blocks() * 512,
                    path,
                ));
            }
        }
        unused.sort();
        for (_, bytes, path) in unused {
            if total <= limit {
                break;
            }
            // One that stays is tried again.
            let _ = fs::remove_file(&path);
            total = total.saturating_sub(bytes);
        }
        Ok(())
    }

    /// Refuses what does not fit on the disk, of which the room for deletions stays free.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    fn require_room(&self, bytes: u64) -> Result<(), Error> {
        let free = free_bytes(&self.folder).unwrap_or(u64::MAX);
        if bytes.saturating_add(RESERVE) <= free {
            return Ok(());
        }
        Err(Error::Full {
            wanted: bytes,
            free: free.saturating_sub(RESERVE),
        })
    }

    /// Number of bytes in the files of unfinished blobs. Blocks.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub(crate) fn bytes(&self) -> Result<u64, Error> {
        use std::os::unix::fs::MetadataExt as _;
        let mut total = 0;
        for path in children(&self.folder)? {
            total += fs::metadata(&path).map_or(0, |file| file.blocks() * 512);
        }
        Ok(total)
    }

    fn remove_old(&self) -> Result<(), Error> {
        let now = SystemTime::now();
        for path in children(&self.folder)? {
            let modified = fs::metadata(&path).and_then(|file| file.modified());
            if modified.is_ok_and(|then| now.duration_since(then).is_ok_and(|age| age > OLD)) {
                // One that stays is tried again.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Partial>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets blobs that nobody reads now. What they have is recorded, and goes on when it is asked for.
fn drop_idle(under_way: &mut HashMap<Key, Arc<Partial>>) {
    under_way.retain(|_, partial| {
        let is_used = Arc::strong_count(partial) > 1;
        if !is_used {
            // What is not recorded is fetched again.
            let _ = partial.record();
        }
        is_used
    });
}
