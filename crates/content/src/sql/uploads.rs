//! Statements on uploads: sessions, claims and their ends.

use std::time::Duration;

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::dialect::{Dialect, listed_rows, locking};
use super::fault::Fault;
use super::values::{Columns as _, signed, span};
use super::{blobs, links};
use crate::{Claim, Error, Finished, OpenUploads, Staged, UploadId, UploadSession};

/// Number of uploads that one transaction expires.
pub(super) const EXPIRED_AT_ONCE: usize = 200;

pub(super) const EXPIRE: &str = "DELETE FROM uploads \
    WHERE active <= $1 AND (claim IS NULL OR lease <= $2) AND id IN \
     (SELECT id FROM uploads WHERE active <= $1 AND (claim IS NULL OR lease <= $2) \
      ORDER BY active, id LIMIT $3) \
    RETURNING id, size, state";

/// Bytes of a repository, and those reserved for its uploads except one.
pub(super) const USED: &str = "SELECT \
    CAST(coalesce((SELECT bytes FROM repositories WHERE name = $1), 0) AS BIGINT), \
    CAST((SELECT coalesce(sum(reserved), 0) FROM uploads \
      WHERE repository = $1 AND id <> $2) AS BIGINT)";

/// Excludes other reservations for the same repository until the transaction ends.
const LOCK_QUOTA: &str = "SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 78156)) AS TEXT)";

pub(super) const COUNT: &str = "SELECT \
    (SELECT count(*) FROM (SELECT 1 FROM uploads WHERE repository = $1 LIMIT $2) AS mine), \
    (SELECT count(*) FROM (SELECT 1 FROM uploads LIMIT $2) AS everyones)";

pub(super) async fn begin(
    tx: &mut AnyConnection,
    session: &UploadSession,
    now: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO uploads (id, repository, algorithm, size, state, active) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session.id.as_str())
    .bind(session.repository.as_str())
    .bind(session.algorithm.name())
    .bind(signed(session.staged.size))
    .bind(session.staged.state.as_deref())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn get(
    connection: &mut AnyConnection,
    id: &UploadId,
) -> Result<Option<UploadSession>, Fault> {
    let row = sqlx::query("SELECT repository, algorithm, size, state FROM uploads WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| session(id, &row)).transpose()
}

/// Reads a row of repository, algorithm, size and state.
fn session(id: &UploadId, row: &AnyRow) -> Result<UploadSession, Fault> {
    Ok(UploadSession {
        id: id.clone(),
        repository: row.parsed(0)?,
        algorithm: row.parsed(1)?,
        staged: row.staged(2, 3)?,
    })
}

pub(super) async fn claim(
    tx: &mut AnyConnection,
    id: &UploadId,
    claim: &Claim,
    lease: Duration,
    now: i64,
) -> Result<UploadSession, Fault> {
    let row = sqlx::query(
        "UPDATE uploads SET claim = $2, lease = $3, active = $4 \
         WHERE id = $1 AND (claim IS NULL OR claim = $2 OR lease <= $4) \
         RETURNING repository, algorithm, size, state",
    )
    .bind(id.as_str())
    .bind(claim.as_str())
    .bind(now.saturating_add(span(lease)))
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    match row {
        Some(row) => session(id, &row),
        None => Err(not_ours(tx, id).await),
    }
}

/// The reason why an upload could not be changed: another claim holds it, or it does not exist.
async fn not_ours(tx: &mut AnyConnection, id: &UploadId) -> Fault {
    let id = id.clone();
    match get(tx, &id).await {
        Ok(Some(_)) => Fault::Refused(Error::UploadBusy { id }),
        Ok(None) => Fault::Refused(Error::UploadUnknown { id }),
        Err(fault) => fault,
    }
}

pub(super) async fn renew(
    tx: &mut AnyConnection,
    id: &UploadId,
    claim: &Claim,
    lease: Duration,
    now: i64,
) -> Result<bool, Fault> {
    let renewed =
        sqlx::query("UPDATE uploads SET lease = $3, active = $4 WHERE id = $1 AND claim = $2")
            .bind(id.as_str())
            .bind(claim.as_str())
            .bind(now.saturating_add(span(lease)))
            .bind(now)
            .execute(tx)
            .await?;
    Ok(renewed.rows_affected() > 0)
}

pub(super) async fn release(
    tx: &mut AnyConnection,
    id: &UploadId,
    claim: &Claim,
    staged: &Staged,
    now: i64,
) -> Result<(), Fault> {
    let released = sqlx::query(
        "UPDATE uploads SET claim = NULL, lease = 0, active = $3, size = $4, \
         reserved = $4, state = $5 WHERE id = $1 AND claim = $2",
    )
    .bind(id.as_str())
    .bind(claim.as_str())
    .bind(now)
    .bind(signed(staged.size))
    .bind(staged.state.as_deref())
    .execute(&mut *tx)
    .await?;
    if released.rows_affected() > 0 {
        return Ok(());
    }
    Err(not_ours(tx, id).await)
}

/// Reserves `size` bytes of a quota for an upload. The bytes of other uploads count in full.
pub(super) async fn reserve(
    tx: &mut AnyConnection,
    dialect: Dialect,
    id: &UploadId,
    claim: &Claim,
    size: u64,
    quota: u64,
) -> Result<(), Fault> {
    let row = sqlx::query("SELECT repository FROM uploads WHERE id = $1 AND claim = $2")
        .bind(id.as_str())
        .bind(claim.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else {
        return Err(not_ours(tx, id).await);
    };
    let repository = row.text(0)?;
    if dialect == Dialect::Postgres {
        // The repository may not exist yet, so that it has no row to lock.
        sqlx::query(LOCK_QUOTA)
            .bind(&repository)
            .execute(&mut *tx)
            .await?;
    }
    let row = sqlx::query(USED)
        .bind(&repository)
        .bind(id.as_str())
        .fetch_one(&mut *tx)
        .await?;
    let used = row.size(0)?.saturating_add(row.size(1)?);
    if used.saturating_add(size) > quota {
        return Err(Fault::Refused(Error::QuotaExceeded {
            limit: quota,
            used,
            wanted: size,
        }));
    }
    sqlx::query("UPDATE uploads SET reserved = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(signed(size))
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts uploads of a repository and of all, each up to `most`.
pub(super) async fn count(
    connection: &mut AnyConnection,
    repository: &Repository,
    most: u64,
) -> Result<OpenUploads, Fault> {
    let row = sqlx::query(COUNT)
        .bind(repository.as_str())
        .bind(signed(most))
        .fetch_one(connection)
        .await?;
    Ok(OpenUploads {
        of_repository: row.size(0)?,
        of_all: row.size(1)?,
    })
}

/// The content of a finished upload, and the quota of its repository in bytes.
pub(super) struct Content<'a> {
    pub(super) digest: &'a Digest,
    pub(super) size: u64,
    pub(super) quota: Option<u64>,
}

pub(super) async fn finish(
    tx: &mut AnyConnection,
    dialect: Dialect,
    id: &UploadId,
    claim: &Claim,
    content: &Content<'_>,
    now: i64,
) -> Result<Finished, Fault> {
    let row = sqlx::query(locking!(
        dialect,
        "SELECT repository, size, state FROM uploads WHERE id = $1 AND claim = $2"
    ))
    .bind(id.as_str())
    .bind(claim.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else {
        return Err(not_ours(tx, id).await);
    };
    let repository: Repository = row.parsed(0)?;
    let staged = row.staged(1, 2)?;
    let (digest, size) = (content.digest.to_string(), content.size);
    let used = links::lock_or_create(tx, &repository).await?;
    let finished = blobs::store(tx, &digest, id, &staged, size, now).await?;
    links::link(tx, &repository, used, &digest, size, content.quota, now).await?;
    forget(tx, id).await?;
    Ok(finished)
}

async fn forget(tx: &mut AnyConnection, id: &UploadId) -> Result<(), Fault> {
    sqlx::query("DELETE FROM uploads WHERE id = $1")
        .bind(id.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn discard(
    tx: &mut AnyConnection,
    id: &UploadId,
    claim: &Claim,
    now: i64,
) -> Result<bool, Fault> {
    let row = sqlx::query(
        "DELETE FROM uploads WHERE id = $1 AND (claim IS NULL OR claim = $2 OR lease <= $3) \
         RETURNING size, state",
    )
    .bind(id.as_str())
    .bind(claim.as_str())
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = row {
        blobs::discard(tx, id, &row.staged(0, 1)?, now).await?;
        return Ok(true);
    }
    match not_ours(tx, id).await {
        Fault::Refused(Error::UploadUnknown { .. }) => Ok(false),
        fault => Err(fault),
    }
}

/// Discards some uploads that were idle since `before`; returns their number. All are expired
/// when this is less than [`EXPIRED_AT_ONCE`].
pub(super) async fn expire(
    tx: &mut AnyConnection,
    dialect: Dialect,
    before: i64,
    now: i64,
) -> Result<u64, Fault> {
    let rows = sqlx::query(EXPIRE)
        .bind(before)
        .bind(now)
        .bind(super::values::limit(EXPIRED_AT_ONCE))
        .fetch_all(&mut *tx)
        .await?;
    let mut garbage = Vec::with_capacity(rows.len());
    for row in &rows {
        let (id, size, state) = (row.text(0)?, row.size(1)?, row.optional_text(2)?);
        garbage.push(serde_json::json!([id, size.to_string(), state]));
    }
    sqlx::query(listed_rows!(
        dialect,
        "INSERT INTO garbage (object, since, size, state) \
         SELECT list.value ->> 0, $2, CAST(list.value ->> 1 AS BIGINT), list.value ->> 2 FROM",
        "WHERE true ON CONFLICT (object) DO NOTHING"
    ))
    .bind(serde_json::Value::Array(garbage).to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(rows.len() as u64)
}
