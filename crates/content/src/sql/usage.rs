//! Statements on the uses of mirrored manifests.

use std::collections::BTreeMap;

use lazaret_oci::{Digest, Repository, Tag};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::fault::Fault;
use super::values::{Columns as _, collect, limit, listing, rows};
use crate::{Listing, MirroredManifest, Page};

/// Both statements see the manifests below an index once, and bytes of a blob once. The first digest
/// is read from a table because a parameter would have another collation in PostgreSQL.
const BELOW: &str = "WITH RECURSIVE below(digest) AS (\
     SELECT digest FROM manifests WHERE repository = $1 AND digest = $2 UNION \
     SELECT edge.child FROM manifest_manifests AS edge \
     JOIN below ON edge.manifest = below.digest WHERE edge.repository = $1)";

pub(super) const LEAST: &str = "SELECT repository, manifest, used FROM mirror_uses \
    ORDER BY used, repository, manifest LIMIT $1";

pub(super) const LIST: &str = "SELECT repository, manifest, used FROM mirror_uses \
    WHERE (repository, manifest) > ($1, $2) ORDER BY repository, manifest LIMIT $3";

pub(super) async fn record(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
    now: i64,
) -> Result<(), Fault> {
    // A manifest that was evicted meanwhile has no row to use.
    sqlx::query(
        "INSERT INTO mirror_uses (repository, manifest, used) \
         SELECT repository, digest, CAST($3 AS BIGINT) FROM manifests \
         WHERE repository = $1 AND digest = $2 \
         ON CONFLICT (repository, manifest) DO UPDATE SET used = excluded.used",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn least(
    connection: &mut AnyConnection,
    most: usize,
) -> Result<Vec<MirroredManifest>, Fault> {
    let found = sqlx::query(LEAST)
        .bind(limit(most))
        .fetch_all(&mut *connection)
        .await?;
    described(connection, collect(&found, bare)?).await
}

pub(super) async fn list(
    connection: &mut AnyConnection,
    page: &Page,
) -> Result<Listing<MirroredManifest>, Fault> {
    let last = super::values::after(page);
    let (repository, digest) = last.split_once('@').unwrap_or((last, ""));
    let found = sqlx::query(LIST)
        .bind(repository)
        .bind(digest)
        .bind(rows(page))
        .fetch_all(&mut *connection)
        .await?;
    let listed = listing(collect(&found, bare)?, page);
    Ok(Listing {
        items: described(connection, listed.items).await?,
        more: listed.more,
    })
}

/// A row of repository, manifest and time of use.
fn bare(row: &AnyRow) -> Result<MirroredManifest, Fault> {
    Ok(MirroredManifest {
        repository: row.parsed(0)?,
        digest: row.parsed(1)?,
        tags: Vec::new(),
        used: row.time(2)?,
        bytes: 0,
        missing: 0,
    })
}

/// Adds tags and bytes.
async fn described(
    connection: &mut AnyConnection,
    mut found: Vec<MirroredManifest>,
) -> Result<Vec<MirroredManifest>, Fault> {
    let mut tags: BTreeMap<(Repository, Digest), Vec<Tag>> = BTreeMap::new();
    for manifest in &found {
        let key = (manifest.repository.clone(), manifest.digest.clone());
        tags.insert(key, tags_of(connection, manifest).await?);
    }
    for manifest in &mut found {
        let key = (manifest.repository.clone(), manifest.digest.clone());
        manifest.tags = tags.remove(&key).unwrap_or_default();
        (manifest.bytes, manifest.missing) = bytes_of(connection, manifest).await?;
    }
    Ok(found)
}

async fn tags_of(
    connection: &mut AnyConnection,
    manifest: &MirroredManifest,
) -> Result<Vec<Tag>, Fault> {
    let query = "SELECT name FROM tags WHERE repository = $1 AND digest = $2 ORDER BY name";
    let found = sqlx::query(query)
        .bind(manifest.repository.as_str())
        .bind(manifest.digest.to_string())
        .fetch_all(connection)
        .await?;
    collect(&found, |row| row.parsed(0))
}

async fn bytes_of(
    connection: &mut AnyConnection,
    manifest: &MirroredManifest,
) -> Result<(u64, u64), Fault> {
    let here = format!(
        "{BELOW} SELECT CAST(coalesce(sum(links.size), 0) AS BIGINT) FROM links \
         WHERE links.repository = $1 AND links.digest IN (SELECT edge.blob \
          FROM manifest_blobs AS edge JOIN below ON edge.manifest = below.digest \
          WHERE edge.repository = $1)"
    );
    let missing = format!(
        "{BELOW} SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM (SELECT DISTINCT \
          missing.digest, missing.size FROM mirror_missing AS missing \
          JOIN below ON missing.manifest = below.digest WHERE missing.repository = $1) AS rest"
    );
    let mut sums = [0, 0];
    for (sum, query) in sums.iter_mut().zip([here, missing]) {
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(manifest.repository.as_str())
            .bind(manifest.digest.to_string())
            .fetch_one(&mut *connection)
            .await?;
        *sum = row.size(0)?;
    }
    Ok((sums[0], sums[1]))
}

pub(super) async fn bytes_below(
    connection: &mut AnyConnection,
    prefix: &str,
) -> Result<u64, Fault> {
    // `0` is the character after `/`, so the range holds what begins with `prefix/`.
    let row = sqlx::query(
        "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM repositories \
         WHERE name > $1 AND name < $2",
    )
    .bind(format!("{prefix}/"))
    .bind(format!("{prefix}0"))
    .fetch_one(connection)
    .await?;
    row.size(0)
}
