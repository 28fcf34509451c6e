//! Evicts mirrored manifests with everything that only they need.

use std::collections::BTreeSet;

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;

use super::dialect::Dialect;
use super::fault::Fault;
use super::values::{Columns as _, collect};
use super::{blobs, collection, links, manifests};
use crate::{Staged, Unlinked, UnusedBlob};

/// Removes a manifest, as [`crate::Mirrored::evict`] says.
pub(super) async fn evict(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    digest: &Digest,
    unused_since: i64,
    now: i64,
) -> Result<bool, Fault> {
    if !links::lock(tx, dialect, repository).await? {
        return Ok(false);
    }
    let used = sqlx::query(
        "DELETE FROM mirror_uses WHERE repository = $1 AND manifest = $2 AND used <= $3",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(unused_since)
    .execute(&mut *tx)
    .await?;
    if used.rows_affected() == 0 {
        return Ok(false);
    }
    forget_answers(tx, repository, digest).await?;
    let mut waiting = vec![digest.clone()];
    let mut unneeded: BTreeSet<Digest> = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        if is_needed(tx, repository, &next).await? {
            continue;
        }
        unneeded.extend(named(tx, "manifest_blobs", "blob", repository, &next).await?);
        let below = named(tx, "manifest_manifests", "child", repository, &next).await?;
        manifests::delete(tx, dialect, repository, &next, &[]).await?;
        waiting.extend(below);
        waiting.extend(referrers_of(tx, repository, &next).await?);
    }
    for blob in &unneeded {
        if links::unlink(tx, dialect, repository, blob).await? == Unlinked::Done {
            condemn(tx, blob, now).await?;
        }
    }
    Ok(true)
}

/// Forgets what the upstream said of the tags of a manifest: they are asked for anew.
async fn forget_answers(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
) -> Result<(), Fault> {
    sqlx::query(
        "DELETE FROM mirror_answers WHERE repository = $1 AND reference IN \
         (SELECT name FROM tags WHERE tags.repository = $1 AND tags.digest = $2)",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether clients asked for a manifest, or an index or the subject of a referrer is left.
async fn is_needed(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
) -> Result<bool, Fault> {
    let row = sqlx::query(
        "SELECT 1 FROM mirror_uses WHERE repository = $1 AND manifest = $2 \
         UNION ALL SELECT 1 FROM manifest_manifests AS edge JOIN manifests AS above \
          ON above.repository = edge.repository AND above.digest = edge.manifest \
          WHERE edge.repository = $1 AND edge.child = $2 \
         UNION ALL SELECT 1 FROM manifests AS referrer JOIN manifests AS subject \
          ON subject.repository = referrer.repository AND subject.digest = referrer.subject \
          WHERE referrer.repository = $1 AND referrer.digest = $2 LIMIT 1",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}

/// What a manifest names: the column of a table of edges.
async fn named(
    tx: &mut AnyConnection,
    table: &str,
    column: &str,
    repository: &Repository,
    digest: &Digest,
) -> Result<Vec<Digest>, Fault> {
    let query = format!("SELECT {column} FROM {table} WHERE repository = $1 AND manifest = $2");
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(repository.as_str())
        .bind(digest.to_string())
        .fetch_all(tx)
        .await?;
    collect(&rows, |row| row.parsed(0))
}

async fn referrers_of(
    tx: &mut AnyConnection,
    repository: &Repository,
    subject: &Digest,
) -> Result<Vec<Digest>, Fault> {
    let rows = sqlx::query("SELECT digest FROM manifests WHERE repository = $1 AND subject = $2")
        .bind(repository.as_str())
        .bind(subject.to_string())
        .fetch_all(tx)
        .await?;
    collect(&rows, |row| row.parsed(0))
}

/// Makes the content of a blob garbage, unless another repository has it.
async fn condemn(tx: &mut AnyConnection, digest: &Digest, now: i64) -> Result<(), Fault> {
    let rows = sqlx::query(
        "DELETE FROM blobs WHERE digest = $1 AND NOT EXISTS \
         (SELECT 1 FROM links WHERE links.digest = blobs.digest) \
         RETURNING digest, object, size",
    )
    .bind(digest.to_string())
    .fetch_all(&mut *tx)
    .await?;
    let condemned: Vec<UnusedBlob> = collect(&rows, collection::unused_blob)?;
    for blob in condemned {
        let staged = Staged {
            size: blob.size,
            state: None,
        };
        blobs::discard(tx, &blob.object, &staged, now).await?;
    }
    Ok(())
}
