//! Queries of the collector: contents, unused links and blobs, garbage.

use std::collections::BTreeMap;

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::dialect::{Dialect, listed};
use super::fault::Fault;
use super::values::{Columns as _, after, collect, json_list, limit, listing, rows};
use crate::{
    Garbage, Listing, ManifestSummary, Page, RepositoryContents, StoredBlob, TagSummary,
    UnusedBlob, UnusedLink, UploadId,
};

pub(super) const UNUSED_LINKS: &str = "SELECT repository, digest, size FROM links \
    WHERE (repository, digest) > ($2, $3) AND leased < $1 AND NOT EXISTS \
     (SELECT 1 FROM manifest_blobs AS edge \
      WHERE edge.repository = links.repository AND edge.blob = links.digest) \
    ORDER BY repository, digest LIMIT $4";

pub(super) const UNUSED_BLOBS: &str = "SELECT digest, object, size FROM blobs \
    WHERE digest > $2 AND linked < $1 AND NOT EXISTS \
     (SELECT 1 FROM links WHERE links.digest = blobs.digest) \
    ORDER BY digest LIMIT $3";

pub(super) const GARBAGE: &str = "SELECT object, size, state FROM garbage \
    WHERE since < $1 ORDER BY since, object LIMIT $2";

pub(super) const BLOBS: &str = "SELECT digest, object, size, linked FROM blobs \
    WHERE digest > $1 ORDER BY digest LIMIT $2";

/// Everything in a repository, from one snapshot.
pub(super) async fn contents(
    connection: &mut AnyConnection,
    begin: &'static str,
    repository: &Repository,
) -> Result<Option<RepositoryContents>, Fault> {
    let mut snapshot = sqlx::Connection::begin_with(connection, begin).await?;
    if !super::listings::exists(&mut snapshot, repository).await? {
        return Ok(None);
    }
    let manifests = sqlx::query(
        "SELECT digest, size, pushed, subject FROM manifests WHERE repository = $1 \
         ORDER BY digest",
    )
    .bind(repository.as_str())
    .fetch_all(&mut *snapshot)
    .await?;
    let edges = sqlx::query(
        "SELECT manifest, child FROM manifest_manifests WHERE repository = $1 \
         ORDER BY manifest, child",
    )
    .bind(repository.as_str())
    .fetch_all(&mut *snapshot)
    .await?;
    let tags =
        sqlx::query("SELECT name, digest, updated FROM tags WHERE repository = $1 ORDER BY name")
            .bind(repository.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
    snapshot.commit().await?;
    let mut children: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
    for edge in &edges {
        let child = edge.parsed(1)?;
        children.entry(edge.parsed(0)?).or_default().push(child);
    }
    let mut manifests = collect(&manifests, summary)?;
    for manifest in &mut manifests {
        manifest.manifests = children.remove(&manifest.digest).unwrap_or_default();
    }
    let tags = collect(&tags, |row| {
        Ok(TagSummary {
            tag: row.parsed(0)?,
            digest: row.parsed(1)?,
            updated: row.time(2)?,
        })
    })?;
    Ok(Some(RepositoryContents { manifests, tags }))
}

fn summary(row: &AnyRow) -> Result<ManifestSummary, Fault> {
    Ok(ManifestSummary {
        digest: row.parsed(0)?,
        size: row.size(1)?,
        pushed: row.time(2)?,
        subject: row.optional_parsed(3)?,
        manifests: Vec::new(),
    })
}

pub(super) async fn unused_links(
    connection: &mut AnyConnection,
    before: i64,
    after: Option<&UnusedLink>,
    most: usize,
) -> Result<Vec<UnusedLink>, Fault> {
    let repository = after.map_or("", |after| after.repository.as_str());
    let digest = after.map_or_else(String::new, |after| after.digest.to_string());
    let rows = sqlx::query(UNUSED_LINKS)
        .bind(before)
        .bind(repository)
        .bind(digest)
        .bind(limit(most))
        .fetch_all(connection)
        .await?;
    collect(&rows, |row| {
        Ok(UnusedLink {
            repository: row.parsed(0)?,
            digest: row.parsed(1)?,
            size: row.size(2)?,
        })
    })
}

pub(super) async fn unused_blobs(
    connection: &mut AnyConnection,
    before: i64,
    after: Option<&Digest>,
    most: usize,
) -> Result<Vec<UnusedBlob>, Fault> {
    let rows = sqlx::query(UNUSED_BLOBS)
        .bind(before)
        .bind(after.map_or_else(String::new, Digest::to_string))
        .bind(limit(most))
        .fetch_all(connection)
        .await?;
    collect(&rows, unused_blob)
}

/// Reads a row of digest, object and size.
pub(super) fn unused_blob(row: &AnyRow) -> Result<UnusedBlob, Fault> {
    Ok(UnusedBlob {
        digest: row.parsed(0)?,
        object: row.parsed(1)?,
        size: row.size(2)?,
    })
}

pub(super) async fn garbage(
    connection: &mut AnyConnection,
    before: i64,
    most: usize,
) -> Result<Vec<Garbage>, Fault> {
    let rows = sqlx::query(GARBAGE)
        .bind(before)
        .bind(limit(most))
        .fetch_all(connection)
        .await?;
    collect(&rows, |row| {
        Ok(Garbage {
            object: row.parsed(0)?,
            staged: row.staged(1, 2)?,
        })
    })
}

pub(super) async fn blobs(
    connection: &mut AnyConnection,
    page: &Page,
) -> Result<Listing<(Digest, StoredBlob)>, Fault> {
    let found = sqlx::query(BLOBS)
        .bind(after(page))
        .bind(rows(page))
        .fetch_all(connection)
        .await?;
    let blobs = collect(&found, |row| {
        let blob = StoredBlob {
            object: row.parsed(1)?,
            size: row.size(2)?,
            leased: row.time(3)?,
        };
        Ok((row.parsed(0)?, blob))
    })?;
    Ok(listing(blobs, page))
}

pub(super) const fn unknown_statement(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "SELECT list.value FROM",
        "WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.id = list.value) \
         AND NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.object = list.value) \
         AND NOT EXISTS (SELECT 1 FROM garbage WHERE garbage.object = list.value)"
    )
}

pub(super) async fn unknown_objects(
    connection: &mut AnyConnection,
    dialect: Dialect,
    objects: &[UploadId],
) -> Result<Vec<UploadId>, Fault> {
    let rows = sqlx::query(unknown_statement(dialect))
        .bind(json_list(objects.iter().map(UploadId::as_str)))
        .fetch_all(connection)
        .await?;
    collect(&rows, |row| row.parsed(0))
}
