//! Statements on blobs: the object that holds a digest, and the repositories that link it.

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;

use super::fault::Fault;
use super::links;
use super::values::{Columns as _, collect, limit, signed};
use crate::{Finished, Staged, StoredBlob, UploadId};

pub(super) const GET: &str = "SELECT blobs.object, blobs.size, links.leased FROM links \
    JOIN blobs ON blobs.digest = links.digest \
    WHERE links.repository = $1 AND links.digest = $2 AND blobs.quarantined = 0";

pub(super) const REPOSITORIES: &str = "SELECT links.repository FROM links \
    JOIN blobs ON blobs.digest = links.digest \
    WHERE links.digest = $1 AND blobs.quarantined = 0 ORDER BY links.repository LIMIT $2";

/// Whether any blob is served.
pub(super) async fn any_served(connection: &mut AnyConnection) -> Result<bool, Fault> {
    let found = sqlx::query("SELECT 1 FROM blobs WHERE quarantined = 0 LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

pub(super) async fn get(
    connection: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<StoredBlob>, Fault> {
    let row = sqlx::query(GET)
        .bind(repository.as_str())
        .bind(digest.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(StoredBlob {
            object: row.parsed(0)?,
            size: row.size(1)?,
            leased: row.time(2)?,
        })
    })
    .transpose()
}

pub(super) async fn renew(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
    now: i64,
) -> Result<bool, Fault> {
    let renewed = sqlx::query(
        "UPDATE links SET leased = $3 WHERE repository = $1 AND digest = $2 AND EXISTS \
         (SELECT 1 FROM blobs WHERE blobs.digest = links.digest AND blobs.quarantined = 0)",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(renewed.rows_affected() > 0)
}

pub(super) async fn repositories(
    connection: &mut AnyConnection,
    digest: &Digest,
    most: usize,
) -> Result<Vec<Repository>, Fault> {
    let rows = sqlx::query(REPOSITORIES)
        .bind(digest.to_string())
        .bind(limit(most))
        .fetch_all(connection)
        .await?;
    collect(&rows, |row| row.parsed(0))
}

pub(super) async fn mount(
    tx: &mut AnyConnection,
    to: &Repository,
    from: &Repository,
    digest: &Digest,
    quota: Option<u64>,
    now: i64,
) -> Result<Option<StoredBlob>, Fault> {
    // Looked up before `to` is created, as a refused mount must not create it.
    if get(tx, from, digest).await?.is_none() {
        return Ok(None);
    }
    let used = links::lock_or_create(tx, to).await?;
    let text = digest.to_string();
    // Locks the blob: from here on it cannot be collected, unless that has just happened.
    let row = sqlx::query(
        "UPDATE blobs SET linked = $2 WHERE digest = $1 AND quarantined = 0 \
         RETURNING object, size",
    )
    .bind(&text)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else {
        return Err(Fault::Outrun);
    };
    let (object, size) = (row.parsed(0)?, row.size(1)?);
    links::link(tx, to, used, &text, size, quota, now).await?;
    Ok(Some(StoredBlob {
        object,
        size,
        leased: super::values::time(now),
    }))
}

/// Makes an object hold a digest, unless another object does; the unneeded one becomes garbage.
/// The blob stays locked.
pub(super) async fn store(
    tx: &mut AnyConnection,
    digest: &str,
    object: &UploadId,
    staged: &Staged,
    size: u64,
    now: i64,
) -> Result<Finished, Fault> {
    let row = sqlx::query(
        "INSERT INTO blobs (digest, object, size, linked) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (digest) DO UPDATE SET linked = excluded.linked \
         RETURNING object, quarantined, size",
    )
    .bind(digest)
    .bind(object.as_str())
    .bind(signed(size))
    .bind(now)
    .fetch_one(&mut *tx)
    .await?;
    let holder: UploadId = row.parsed(0)?;
    if holder == *object {
        return Ok(Finished::Stored);
    }
    if row.number(1)? == 0 {
        discard(tx, object, staged, now).await?;
        return Ok(Finished::Duplicate);
    }
    sqlx::query("UPDATE blobs SET object = $2, size = $3, quarantined = 0 WHERE digest = $1")
        .bind(digest)
        .bind(object.as_str())
        .bind(signed(size))
        .execute(&mut *tx)
        .await?;
    let size = row.size(2)?;
    discard(tx, &holder, &Staged { size, state: None }, now).await?;
    Ok(Finished::Stored)
}

/// Makes an object garbage.
pub(super) async fn discard(
    tx: &mut AnyConnection,
    object: &UploadId,
    staged: &Staged,
    now: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO garbage (object, since, size, state) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (object) DO NOTHING",
    )
    .bind(object.as_str())
    .bind(now)
    .bind(signed(staged.size))
    .bind(staged.state.as_deref())
    .execute(tx)
    .await?;
    Ok(())
}
