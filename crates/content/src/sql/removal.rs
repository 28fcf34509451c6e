//! Removals of the collector. Each checks its condition again, under the lock that
//! protects it.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_oci::Digest;
use sqlx::AnyConnection;

use super::dialect::{Dialect, listed, listed_rows};
use super::fault::Fault;
use super::links::add_bytes;
use super::values::{Columns as _, collect, json_list};
use super::{blobs, collection};
use crate::{Staged, UnusedBlob, UnusedLink, UploadId};

/// Locks the rows of the list, in one order. Does nothing for SQLite, which locks the database.
macro_rules! lock_listed {
    ($tx:ident, $dialect:ident, $list:expr, $before:literal, $after:literal) => {
        if $dialect == Dialect::Postgres {
            sqlx::query(concat!(
                $before,
                " (SELECT list.value FROM json_array_elements_text($1::json) AS list (value)) ",
                $after
            ))
            .bind($list)
            .execute(&mut *$tx)
            .await?;
        }
    };
}

pub(super) const fn drop_links_statement(dialect: Dialect) -> &'static str {
    listed_rows!(
        dialect,
        "DELETE FROM links WHERE (repository, digest) IN \
         (SELECT list.value ->> 0, list.value ->> 1 FROM",
        ") AND leased < $2 AND NOT EXISTS (SELECT 1 FROM manifest_blobs AS edge \
          WHERE edge.repository = links.repository AND edge.blob = links.digest) \
         RETURNING repository, size"
    )
}

pub(super) const fn condemn_statement(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "DELETE FROM blobs WHERE object IN (SELECT list.value FROM",
        ") AND linked < $2 AND NOT EXISTS (SELECT 1 FROM links WHERE links.digest = blobs.digest) \
         RETURNING digest, object, size"
    )
}

pub(super) async fn drop_links(
    tx: &mut AnyConnection,
    dialect: Dialect,
    links: &[UnusedLink],
    before: i64,
) -> Result<u64, Fault> {
    let repositories: BTreeSet<&str> = links.iter().map(|link| link.repository.as_str()).collect();
    lock_listed!(
        tx,
        dialect,
        json_list(repositories),
        "SELECT name FROM repositories WHERE name IN",
        "ORDER BY name FOR NO KEY UPDATE"
    );
    let pairs: Vec<_> = links
        .iter()
        .map(|link| serde_json::json!([link.repository.as_str(), link.digest.to_string()]))
        .collect();
    let rows = sqlx::query(drop_links_statement(dialect))
        .bind(serde_json::Value::Array(pairs).to_string())
        .bind(before)
        .fetch_all(&mut *tx)
        .await?;
    let mut freed: BTreeMap<String, i64> = BTreeMap::new();
    for row in &rows {
        *freed.entry(row.text(0)?).or_default() += row.number(1)?;
    }
    for (repository, bytes) in freed {
        add_bytes(tx, &repository, -bytes).await?;
    }
    Ok(rows.len() as u64)
}

pub(super) async fn condemn_blobs(
    tx: &mut AnyConnection,
    dialect: Dialect,
    blobs: &[UnusedBlob],
    before: i64,
    now: i64,
) -> Result<Vec<UnusedBlob>, Fault> {
    let objects = json_list(blobs.iter().map(|blob| blob.object.as_str()));
    // The lock is also against new references: a link that is being made is seen after this, and a
    // later one does not find the blob.
    lock_listed!(
        tx,
        dialect,
        objects.as_str(),
        "SELECT digest FROM blobs WHERE object IN",
        "ORDER BY digest FOR UPDATE"
    );
    let rows = sqlx::query(condemn_statement(dialect))
        .bind(&objects)
        .bind(before)
        .fetch_all(&mut *tx)
        .await?;
    let condemned = collect(&rows, collection::unused_blob)?;
    for blob in &condemned {
        let staged = Staged {
            size: blob.size,
            state: None,
        };
        blobs::discard(tx, &blob.object, &staged, now).await?;
    }
    Ok(condemned)
}

pub(super) async fn forget_garbage(
    tx: &mut AnyConnection,
    dialect: Dialect,
    objects: &[UploadId],
) -> Result<(), Fault> {
    sqlx::query(listed!(
        dialect,
        "DELETE FROM garbage WHERE object IN (SELECT list.value FROM",
        ")"
    ))
    .bind(json_list(objects.iter().map(UploadId::as_str)))
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn quarantine(
    tx: &mut AnyConnection,
    digest: &Digest,
    object: &UploadId,
) -> Result<bool, Fault> {
    let changed = sqlx::query("UPDATE blobs SET quarantined = 1 WHERE digest = $1 AND object = $2")
        .bind(digest.to_string())
        .bind(object.as_str())
        .execute(tx)
        .await?;
    Ok(changed.rows_affected() > 0)
}

pub(super) async fn release(tx: &mut AnyConnection, digest: &Digest) -> Result<bool, Fault> {
    let changed =
        sqlx::query("UPDATE blobs SET quarantined = 0 WHERE digest = $1 AND quarantined = 1")
            .bind(digest.to_string())
            .execute(tx)
            .await?;
    Ok(changed.rows_affected() > 0)
}
