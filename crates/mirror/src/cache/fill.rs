//! Fetches a blob: what is absent, in order, then the verdict, then the store.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use lazaret_files::{blocking, io as failed};

use super::origin::Origin;
use super::partial::{Next, Partial, WHOLE};
use super::store::{Store, Turn};
use crate::Error;
use crate::counts::Counts;

/// Bytes that are written at once.
const BATCH: usize = 1024 * 1024;
/// Failures in a row after which a fill is given up.
const TRIES: u32 = 4;
/// Wait after the first failure; doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Fetches the whole of a blob, verifies it and stores it.
///
/// # Errors
/// Those of the origin after the last try; [`Error::Integrity`].
pub(super) async fn whole(
    partial: &Arc<Partial>,
    origin: &dyn Origin,
    store: &Store,
    counts: &Counts,
) -> Result<(), Error> {
    store.objects.room().await?;
    let recorded = Arc::clone(partial);
    // The claim is known after a restart, even if that comes before the first bytes.
    let _ = tokio::task::spawn_blocking(move || recorded.record()).await;
    let turn = store.take_turn(partial).await?;
    if turn == Turn::Stored {
        return copy_stored(partial, store).await;
    }
    let work = async {
        loop {
            complete(partial, origin, counts).await?;
            if verified(partial).await? {
                break;
            }
            if !partial.begin_again() {
                return Err(other_content(partial).await);
            }
        }
        partial.settle();
        match origin.is_kept() {
            true => store.keep(partial).await,
            false => {
                remove(partial).await;
                Ok(())
            }
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = store.hold_turn(&partial.key, &turn) => Err(Error::Stopped),
    };
    store.end_turn(&partial.key, &turn).await;
    outcome
}

/// Whether the digest of all bytes is right.
async fn verified(partial: &Arc<Partial>) -> Result<bool, Error> {
    let partial = Arc::clone(partial);
    blocking(move || partial.verify().map_err(local(&partial))).await
}

/// Removes the files of a blob: before the blob is forgotten, because the next one has files of the
/// same names.
async fn remove(partial: &Arc<Partial>) {
    let removed = Arc::clone(partial);
    // What is left is of no use.
    let _ = tokio::task::spawn_blocking(move || removed.remove()).await;
}

/// Throws wrong bytes away.
async fn other_content(partial: &Arc<Partial>) -> Error {
    remove(partial).await;
    Error::Integrity {
        upstream: partial.key.repository.to_string(),
        digest: partial.key.digest.clone(),
        reason: format!("{} bytes with another digest", partial.size),
    }
}

/// Fetches what is absent.
async fn complete(
    partial: &Arc<Partial>,
    origin: &dyn Origin,
    counts: &Counts,
) -> Result<(), Error> {
    let mut failures = 0;
    let mut changes = partial.changes();
    loop {
        changes.borrow_and_update();
        let before = partial.present();
        match partial.begin_fetch(0..partial.size, WHOLE) {
            Next::Nothing => return Ok(()),
            // A part that a reader wanted is on its way.
            Next::Wait => {
                let _ = tokio::time::timeout(Duration::from_secs(5), changes.changed()).await;
                continue;
            }
            Next::Fetch(number, hole) => {
                let fetched = fetch(partial, origin, number, hole, counts).await;
                partial.end_fetch(number);
                let Err(error) = fetched else {
                    continue;
                };
                let is_final = !error.is_unavailable();
                failures = match partial.present() > before {
                    true => 1,
                    false => failures + 1,
                };
                if is_final || failures >= TRIES {
                    return Err(error);
                }
                tracing::debug!(%error, failures, "a fetch broke off");
                tokio::time::sleep(FIRST_WAIT * (1 << failures.min(6))).await;
            }
        }
    }
}

/// Fetches one range that was begun under `number`. The caller ends that, after it has said what came
/// of it.
///
/// # Errors
/// Those of the origin, and of the file.
pub(super) async fn fetch(
    partial: &Arc<Partial>,
    origin: &dyn Origin,
    number: u64,
    hole: Range<u64>,
    counts: &Counts,
) -> Result<(), Error> {
    let outcome = pour(partial, origin, number, hole, counts).await;
    let recorded = Arc::clone(partial);
    // What is not recorded is fetched again after a restart.
    let _ = tokio::task::spawn_blocking(move || recorded.record()).await;
    outcome
}

async fn pour(
    partial: &Arc<Partial>,
    origin: &dyn Origin,
    number: u64,
    hole: Range<u64>,
    counts: &Counts,
) -> Result<(), Error> {
    let mut pieces = origin.read(hole.clone()).await?;
    let mut offset = hole.start;
    let mut batch = BytesMut::new();
    let (mut came, mut ended) = (0, false);
    // The next batch arrives while the last one is written.
    let mut writing: Option<tokio::task::JoinHandle<Result<bool, Error>>> = None;
    let mut failure = None;
    while !ended {
        let idle = writing.is_none();
        tokio::select! {
            biased;
            piece = pieces.next(), if batch.len() < BATCH => match piece {
                Some(Ok(piece)) => {
                    counts.add_received(piece.len());
                    batch.extend_from_slice(&piece);
                    came += piece.len() as u64;
                }
                Some(Err(error)) => {
                    failure = Some(error);
                    ended = true;
                }
                None => ended = true,
            },
            written = async { writing.as_mut().expect("the branch is off without one").await }, if !idle => {
                writing = None;
                let is_absent = written.map_err(|_| Error::Stopped)??;
                if !is_absent {
                    // Another fetch has brought what follows.
                    return Ok(());
                }
            }
        }
        if writing.is_none() && !batch.is_empty() {
            let bytes = batch.split().freeze();
            writing = Some(write(partial, number, offset, bytes.clone()));
            offset += bytes.len() as u64;
        }
    }
    if let Some(written) = writing {
        written.await.map_err(|_| Error::Stopped)??;
    }
    if !batch.is_empty() {
        let bytes = batch.freeze();
        write(partial, number, offset, bytes)
            .await
            .map_err(|_| Error::Stopped)??;
    }
    match failure {
        Some(error) => Err(error),
        None if came == hole.end - hole.start => Ok(()),
        None => Err(Error::Unavailable {
            upstream: partial.key.repository.to_string(),
            reason: format!("it sent {came} bytes of {}", hole.end - hole.start),
            retry_after: Duration::from_secs(1),
            is_rate_limited: false,
        }),
    }
}

fn write(
    partial: &Arc<Partial>,
    number: u64,
    offset: u64,
    bytes: Bytes,
) -> tokio::task::JoinHandle<Result<bool, Error>> {
    let partial = Arc::clone(partial);
    tokio::task::spawn_blocking(move || {
        let outcome = partial.write(number, offset, &bytes);
        outcome.map_err(local(&partial))
    })
}

/// Fills the file from the store: another replica has stored the blob.
async fn copy_stored(partial: &Arc<Partial>, store: &Store) -> Result<(), Error> {
    while !copied(partial, store).await? {
        // A part that was fetched before is wrong, and whoever has read it is cut.
        partial.forget();
    }
    if !verified(partial).await? {
        return Err(other_content(partial).await);
    }
    partial.settle();
    remove(partial).await;
    Ok(())
}

/// Copies what is absent from the store; `false` when something that is present differs.
async fn copied(partial: &Arc<Partial>, store: &Store) -> Result<bool, Error> {
    let Some(mut chunks) = store.read(partial).await? else {
        return Err(Error::Stopped);
    };
    let mut offset = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(local(partial))?;
        let length = chunk.len() as u64;
        let (compared, bytes) = (Arc::clone(partial), chunk.clone());
        let agrees =
            blocking(move || compared.agrees(offset, &bytes).map_err(local(&compared))).await?;
        if !agrees {
            return Ok(false);
        }
        write(partial, 0, offset, chunk)
            .await
            .map_err(|_| Error::Stopped)??;
        offset += length;
    }
    Ok(true)
}

fn local(partial: &Partial) -> impl Fn(io::Error) -> Error + use<> {
    let path = partial.content().to_owned();
    move |error| Error::from(failed("write", &path)(error))
}
