//! Statements on links: blobs in repositories, and the quota in bytes.

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;

use super::dialect::{Dialect, locking};
use super::fault::Fault;
use super::values::{Columns as _, signed};
use crate::{Error, Unlinked};

/// Locks a repository, and creates it if needed; returns the bytes that it holds.
pub(super) async fn lock_or_create(
    tx: &mut AnyConnection,
    repository: &Repository,
) -> Result<u64, Fault> {
    let row = sqlx::query(
        "INSERT INTO repositories (name) VALUES ($1) \
         ON CONFLICT (name) DO UPDATE SET bytes = repositories.bytes RETURNING bytes",
    )
    .bind(repository.as_str())
    .fetch_one(tx)
    .await?;
    row.size(0)
}

/// Locks a repository; `false` when there is none.
pub(super) async fn lock(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
) -> Result<bool, Fault> {
    let row = sqlx::query(locking!(
        dialect,
        "SELECT bytes FROM repositories WHERE name = $1"
    ))
    .bind(repository.as_str())
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}

/// Links a blob to a repository that is locked and holds `used` bytes, or renews its lease.
/// The blob is locked, too.
pub(super) async fn link(
    tx: &mut AnyConnection,
    repository: &Repository,
    used: u64,
    digest: &str,
    size: u64,
    quota: Option<u64>,
    now: i64,
) -> Result<(), Fault> {
    let renewed = sqlx::query("UPDATE links SET leased = $3 WHERE repository = $1 AND digest = $2")
        .bind(repository.as_str())
        .bind(digest)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    if renewed.rows_affected() > 0 {
        return Ok(());
    }
    require_room(used, size, quota)?;
    sqlx::query("INSERT INTO links (repository, digest, size, leased) VALUES ($1, $2, $3, $4)")
        .bind(repository.as_str())
        .bind(digest)
        .bind(signed(size))
        .bind(now)
        .execute(&mut *tx)
        .await?;
    add_bytes(tx, repository.as_str(), signed(size)).await
}

/// Fails when a repository that holds `used` bytes may not hold `wanted` more.
pub(super) fn require_room(used: u64, wanted: u64, quota: Option<u64>) -> Result<(), Fault> {
    match quota {
        Some(limit) if used.saturating_add(wanted) > limit => {
            Err(Fault::Refused(Error::QuotaExceeded {
                limit,
                used,
                wanted,
            }))
        }
        _ => Ok(()),
    }
}

/// Changes the number of bytes that a repository holds.
pub(super) async fn add_bytes(
    tx: &mut AnyConnection,
    repository: &str,
    bytes: i64,
) -> Result<(), Fault> {
    sqlx::query("UPDATE repositories SET bytes = bytes + $2 WHERE name = $1")
        .bind(repository)
        .bind(bytes)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes a blob from a repository, unless a manifest there names it.
pub(super) async fn unlink(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    digest: &Digest,
) -> Result<Unlinked, Fault> {
    if !lock(tx, dialect, repository).await? {
        return Ok(Unlinked::Absent);
    }
    let digest = digest.to_string();
    let removed = sqlx::query(
        "DELETE FROM links WHERE repository = $1 AND digest = $2 AND NOT EXISTS \
         (SELECT 1 FROM manifest_blobs AS edge \
          WHERE edge.repository = links.repository AND edge.blob = links.digest) \
         RETURNING size",
    )
    .bind(repository.as_str())
    .bind(&digest)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = removed {
        add_bytes(tx, repository.as_str(), -row.number(0)?).await?;
        return Ok(Unlinked::Done);
    }
    let left = sqlx::query("SELECT 1 FROM links WHERE repository = $1 AND digest = $2")
        .bind(repository.as_str())
        .bind(&digest)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(if left.is_some() {
        Unlinked::InUse
    } else {
        Unlinked::Absent
    })
}
