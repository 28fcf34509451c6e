//! Checks that the objects of blobs exist and have the right content.

use futures_util::{StreamExt as _, stream};
use lazaret_oci::{Digest, Hasher};

use super::finding::{Action, Fault, Finding};
use super::journal::Journal;
use super::stores::Check;
use crate::{Error, Page, StoredBlob};

/// Rows that are read at a time.
const PAGE: usize = 200;

/// Rows in which a blob is looked for again: more blobs may have been added before it since.
const NEAR: usize = 64;

pub(super) async fn check(check: &Check, journal: &mut Journal<'_>) -> Result<(), Error> {
    let mut last: Option<Digest> = None;
    loop {
        let listing = check.database.blobs(page(last.as_ref(), PAGE)).await?;
        let mut previous = last.take();
        let entries = listing.items.into_iter().map(|(digest, blob)| {
            let before = previous.replace(digest.clone());
            async move {
                let outcome = one(check, before.as_ref(), &digest, &blob).await;
                (digest, blob, outcome)
            }
        });
        let mut outcomes = stream::iter(entries.collect::<Vec<_>>())
            .buffer_unordered(check.options.parallel.max(1));
        while let Some((digest, blob, outcome)) = outcomes.next().await {
            journal.summary.blobs += 1;
            if !check.options.quick {
                journal.summary.bytes_read += blob.size;
            }
            if let Some(finding) = settle(check, digest, blob, outcome?).await? {
                journal.finding(&finding);
            }
            journal.progress();
        }
        drop(outcomes);
        last = previous;
        if !listing.more || last.is_none() {
            return Ok(());
        }
    }
}

fn page(last: Option<&Digest>, limit: usize) -> Page {
    Page {
        last: last.map(Digest::to_string),
        limit: Some(limit),
    }
}

/// The fault of a blob that was listed after `before`, if a second look confirms it.
async fn one(
    check: &Check,
    before: Option<&Digest>,
    digest: &Digest,
    blob: &StoredBlob,
) -> Result<Option<Fault>, Error> {
    let Some(fault) = look(check, digest, blob).await else {
        return Ok(None);
    };
    // The blob may have been collected, or a push may have given it another object.
    let listing = check.database.blobs(page(before, NEAR)).await?;
    let still = |(other, now): &(Digest, StoredBlob)| other == digest && now.object == blob.object;
    Ok(listing.items.iter().any(still).then_some(fault))
}

async fn look(check: &Check, digest: &Digest, blob: &StoredBlob) -> Option<Fault> {
    match compare(check, digest, blob).await {
        Ok(fault) => fault,
        Err(error) => Some(Fault::BlobUnreadable {
            reason: error.to_string(),
        }),
    }
}

async fn compare(
    check: &Check,
    digest: &Digest,
    blob: &StoredBlob,
) -> Result<Option<Fault>, Error> {
    let Some(actual) = check.objects.stat(&blob.object).await? else {
        return Ok(Some(Fault::BlobMissing));
    };
    if actual != blob.size {
        return Ok(Some(Fault::BlobSize {
            expected: blob.size,
            actual,
        }));
    }
    if check.options.quick {
        return Ok(None);
    }
    let open = check.objects.open(&blob.object, blob.size, None).await?;
    let Some(content) = open else {
        return Ok(Some(Fault::BlobMissing));
    };
    let mut hasher = Hasher::new(digest.algorithm());
    let mut chunks = content.into_chunks();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|source| Error::Object {
            action: "read",
            id: blob.object.clone(),
            source: source.into(),
        })?;
        hasher.update(&chunk);
    }
    let actual = hasher.finish();
    Ok((actual != *digest).then_some(Fault::BlobDigest { actual }))
}

/// Makes the repair, if any. A blob that cannot be read now may be intact, so it stays.
async fn settle(
    check: &Check,
    digest: Digest,
    blob: StoredBlob,
    fault: Option<Fault>,
) -> Result<Option<Finding>, Error> {
    let database = &check.database;
    let repair = check.options.repair;
    let (fault, action) = match fault {
        // The size alone is not enough to take a blob back into service.
        None if repair && !check.options.quick && database.release(&digest).await? => {
            (Fault::BlobQuarantined, Action::Released)
        }
        None => return Ok(None),
        Some(fault @ Fault::BlobUnreadable { .. }) => (fault, Action::None),
        Some(fault) if repair && database.quarantine(&digest, &blob.object).await? => {
            (fault, Action::Quarantined)
        }
        Some(fault) => (fault, Action::None),
    };
    Ok(Some(Finding {
        fault,
        action,
        repository: None,
        tag: None,
        digest: Some(digest),
        object: Some(blob.object),
    }))
}
