//! An upstream as a value, and a cache over real stores.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use lazaret_content::{Durability, FileObjects, SqlMetadata, SystemClock};
use lazaret_oci::Digest;
use proptest::prelude::*;

use super::super::partial::{Key, Partial, Verdict};
use super::super::{Fills, Origin, Reading, Store};
use crate::Error;
use crate::counts::Counts;

/// Bytes that the upstream sends at once, which fits no size of the cache.
const PIECE: usize = 40_009;

/// What one answer of the upstream does wrong.
#[derive(Debug, Clone)]
pub(super) enum Flaw {
    /// Nothing.
    None,
    /// It ends after that many bytes.
    Cut(u64),
    /// It breaks off after that many bytes, with an error.
    Break(u64),
    /// Other bytes of the same number.
    Lie,
    /// No answer.
    Fail,
    /// An answer that is final.
    Refuse,
    /// That many milliseconds before each piece.
    Delay(u64),
}

impl Arbitrary for Flaw {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        prop_oneof![
            Just(Self::None),
            (0_u64..400_000).prop_map(Self::Cut),
            (0_u64..400_000).prop_map(Self::Break),
            Just(Self::Lie),
            Just(Self::Fail),
            Just(Self::Refuse),
            (0_u64..3).prop_map(Self::Delay),
        ]
        .boxed()
    }
}

/// An upstream with one blob, which does one thing wrong after the other.
pub(super) struct Fake {
    content: Bytes,
    flaws: Mutex<VecDeque<Flaw>>,
    asked: Mutex<Vec<Range<u64>>>,
    sent: Arc<AtomicU64>,
}

impl Fake {
    /// The ranges that were asked for.
    pub(super) fn asked(&self) -> Vec<Range<u64>> {
        self.asked.lock().unwrap().clone()
    }

    /// Number of bytes that were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

fn unavailable() -> Error {
    Error::Unavailable {
        upstream: "fake".to_owned(),
        reason: "so it is".to_owned(),
        retry_after: Duration::from_secs(1),
        is_rate_limited: false,
    }
}

impl Origin for Fake {
    fn read(
        &self,
        range: Range<u64>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes, Error>>, Error>> {
        async move {
            self.asked.lock().unwrap().push(range.clone());
            let flaw = self.flaws.lock().unwrap().pop_front();
            let flaw = flaw.unwrap_or(Flaw::None);
            let mut part = self.content.slice(at(range.start)..at(range.end));
            let (mut delay, mut error) = (0, None);
            match flaw {
                Flaw::None => {}
                Flaw::Cut(end) => part.truncate(at(end)),
                Flaw::Break(end) => {
                    part.truncate(at(end));
                    error = Some(unavailable());
                }
                Flaw::Lie => part = part.iter().map(|byte| byte ^ 1).collect(),
                Flaw::Fail => return Err(unavailable()),
                Flaw::Refuse => {
                    return Err(Error::Refused {
                        upstream: "fake".to_owned(),
                        reason: "no".to_owned(),
                    });
                }
                Flaw::Delay(time) => delay = time,
            }
            let pieces: Vec<Bytes> = part
                .chunks(PIECE)
                .map(|piece| part.slice_ref(piece))
                .collect();
            let sent = Arc::clone(&self.sent);
            let pieces = stream::iter(pieces).then(move |piece| {
                let sent = Arc::clone(&sent);
                async move {
                    if delay > 0 {
                        tokio::time::sleep(Duration::from_millis(delay)).await;
                    }
                    sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    Ok(piece)
                }
            });
            Ok(pieces.chain(stream::iter(error.map(Err))).boxed())
        }
        .boxed()
    }

    fn is_kept(&self) -> bool {
        true
    }
}

/// A cache with one blob at its upstream.
pub(super) struct Bed {
    folder: Arc<tempfile::TempDir>,
    pub(super) origin: Arc<Fake>,
    store: Store,
    fills: Arc<Fills>,
    key: Key,
}

impl Bed {
    pub(super) async fn new(content: Vec<u8>, flaws: Vec<Flaw>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let objects = FileObjects::open(&root.join("objects"), Durability::Ephemeral).unwrap();
        let file = root.join("metadata.sqlite");
        let clock = Arc::new(SystemClock);
        let database = SqlMetadata::sqlite(&file, Durability::Ephemeral, clock).await;
        let store = Store::new(Arc::new(objects), Arc::new(database.unwrap()));
        let fills = fills(root.join("partial"), &store);
        let key = Key {
            repository: "up/app".parse().unwrap(),
            digest: Digest::of(&content),
        };
        let origin = Fake {
            content: content.into(),
            flaws: Mutex::new(flaws.into()),
            asked: Mutex::default(),
            sent: Arc::default(),
        };
        Self {
            folder: Arc::new(folder),
            origin: Arc::new(origin),
            store,
            fills,
            key,
        }
    }

    /// The same blob as another process has it under way.
    pub(super) fn beside(&self) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            origin: Arc::clone(&self.origin),
            store: self.store.clone(),
            fills: fills(self.folder.path().join("partial"), &self.store),
            key: self.key.clone(),
        }
    }

    /// Goes on as a later process does.
    pub(super) fn reopen(&mut self) {
        self.fills = fills(self.folder.path().join("partial"), &self.store);
    }

    /// Nothing goes wrong any more.
    pub(super) fn heal(&self) {
        self.origin.flaws.lock().unwrap().clear();
    }

    pub(super) fn size(&self) -> u64 {
        self.origin.content.len() as u64
    }

    pub(super) fn content(&self, range: Range<u64>) -> Vec<u8> {
        self.origin.content[at(range.start)..at(range.end)].to_vec()
    }

    pub(super) async fn partial(&self) -> Arc<Partial> {
        self.fills.get(self.key.clone(), self.size()).await.unwrap()
    }

    /// Begins to read a range, as the mirror does.
    pub(super) async fn stream(
        &self,
        partial: Arc<Partial>,
        range: Range<u64>,
        is_filling: bool,
        ahead: u64,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>, Error> {
        let origin: Arc<dyn Origin> = Arc::clone(&self.origin) as _;
        if is_filling {
            self.fills.fill(&partial, &origin);
        }
        let reading = Reading {
            fills: Arc::clone(&self.fills),
            partial,
            origin,
            range,
            is_filling,
            ahead,
            life: None,
        };
        reading.ready().await?;
        Ok(reading.stream().boxed())
    }

    /// Reads a range; returns the bytes that came, and how it ended.
    pub(super) async fn read(
        &self,
        range: Range<u64>,
        is_filling: bool,
    ) -> (Vec<u8>, Result<(), Error>) {
        let partial = self.partial().await;
        self.read_of(partial, range, is_filling).await
    }

    /// The same of a blob that is under way.
    pub(super) async fn read_of(
        &self,
        partial: Arc<Partial>,
        range: Range<u64>,
        is_filling: bool,
    ) -> (Vec<u8>, Result<(), Error>) {
        let mut bytes = Vec::new();
        let begun = self.stream(partial, range, is_filling, u64::MAX).await;
        let mut stream = match begun {
            Ok(stream) => stream,
            Err(error) => return (bytes, Err(error)),
        };
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(_) => return (bytes, Err(unavailable())),
            }
        }
        (bytes, Ok(()))
    }

    /// Waits until nothing is sent any more.
    pub(super) async fn until_idle(&self) {
        let mut before = u64::MAX;
        while before != self.origin.sent() {
            before = self.origin.sent();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    /// Waits until the blob is content.
    pub(super) async fn until_stored(&self) {
        let Key { repository, digest } = &self.key;
        while self
            .store
            .metadata
            .blob(repository, digest)
            .await
            .unwrap()
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The content as it was stored.
    pub(super) async fn stored(&self) -> Vec<u8> {
        let partial = self.partial().await;
        let mut chunks = self.store.read(&partial).await.unwrap().unwrap();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        assert!(!matches!(partial.verdict(), Verdict::Failed(_)));
        bytes
    }

    /// Waits until there are no files of unfinished blobs.
    pub(super) async fn until_no_files(&self) {
        let folder = self.folder.path().join("partial");
        while std::fs::read_dir(&folder).unwrap().count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn fills(folder: PathBuf, store: &Store) -> Arc<Fills> {
    let counts = Arc::new(Counts::default());
    Arc::new(Fills::open(&folder, store.clone(), counts).unwrap())
}

/// Bytes that differ from place to place.
pub(super) fn noise(size: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(size);
    (0..size).map(|_| random.u8(..)).collect()
}

fn at(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}
