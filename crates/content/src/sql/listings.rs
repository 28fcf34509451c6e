//! Pages of tags, repositories and referrers, each a range of an index.

use std::time::SystemTime;

use futures_util::TryStreamExt as _;
use lazaret_oci::{Descriptor, Digest, Repository, Tag};
use sqlx::AnyConnection;

use super::fault::Fault;
use super::values::{Columns as _, after, artifact_key, collect, listing, rows};
use crate::{Listing, Page};

pub(super) const TAGS: &str = "SELECT name FROM tags \
    WHERE repository = $1 AND name > $2 ORDER BY name LIMIT $3";

pub(super) const REPOSITORIES: &str = "SELECT name FROM repositories \
    WHERE manifests > 0 AND name > $1 ORDER BY name LIMIT $2";

pub(super) const ALL_REPOSITORIES: &str = "SELECT name FROM repositories \
    WHERE name > $1 ORDER BY name LIMIT $2";

pub(super) const REFERRERS: &str = "SELECT referrer FROM manifests \
    WHERE repository = $1 AND subject = $2 AND digest > $3 ORDER BY digest LIMIT $4";

pub(super) const REFERRERS_OF_TYPE: &str = "SELECT referrer FROM manifests \
    WHERE repository = $1 AND subject = $2 AND artifact_type = $5 AND digest > $3 \
    ORDER BY digest LIMIT $4";

const EMPTY_SINCE: &str = "SELECT created FROM lazaret_origin \
    WHERE NOT EXISTS (SELECT 1 FROM repositories) AND NOT EXISTS (SELECT 1 FROM blobs) \
    AND NOT EXISTS (SELECT 1 FROM uploads) AND NOT EXISTS (SELECT 1 FROM garbage)";

/// Bytes of the descriptors on one page of referrers, beyond which the page ends although fewer were
/// asked for. One descriptor is always on it.
const REFERRERS_BYTES: usize = 4 * 1024 * 1024;

pub(super) async fn tags(
    connection: &mut AnyConnection,
    repository: &Repository,
    page: &Page,
) -> Result<Option<Listing<Tag>>, Fault> {
    let found = sqlx::query(TAGS)
        .bind(repository.as_str())
        .bind(after(page))
        .bind(rows(page))
        .fetch_all(&mut *connection)
        .await?;
    if found.is_empty() && !exists(connection, repository).await? {
        return Ok(None);
    }
    let tags = collect(&found, |row| row.parsed(0))?;
    Ok(Some(listing(tags, page)))
}

pub(super) async fn exists(
    connection: &mut AnyConnection,
    repository: &Repository,
) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM repositories WHERE name = $1")
        .bind(repository.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Lists repositories with [`REPOSITORIES`] or [`ALL_REPOSITORIES`].
pub(super) async fn repositories(
    connection: &mut AnyConnection,
    query: &'static str,
    page: &Page,
) -> Result<Listing<Repository>, Fault> {
    let found = sqlx::query(query)
        .bind(after(page))
        .bind(rows(page))
        .fetch_all(connection)
        .await?;
    let repositories = collect(&found, |row| row.parsed(0))?;
    Ok(listing(repositories, page))
}

pub(super) async fn referrers(
    connection: &mut AnyConnection,
    repository: &Repository,
    subject: &Digest,
    artifact_type: Option<&str>,
    page: &Page,
) -> Result<Listing<Descriptor>, Fault> {
    let mut query = sqlx::query(if artifact_type.is_some() {
        REFERRERS_OF_TYPE
    } else {
        REFERRERS
    });
    query = query
        .bind(repository.as_str())
        .bind(subject.to_string())
        .bind(after(page))
        .bind(rows(page));
    if let Some(artifact_type) = artifact_type {
        query = query.bind(artifact_key(artifact_type));
    }
    // One row at a time: a descriptor carries its manifest's annotations, which may be megabytes.
    let mut found = query.fetch(connection);
    let (mut descriptors, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await? {
        let text = row.text(0)?;
        bytes += text.len();
        if page.limit.is_some() && bytes > REFERRERS_BYTES && !descriptors.is_empty() {
            let (items, more) = (descriptors, true);
            return Ok(Listing { items, more });
        }
        let descriptor: Descriptor = serde_json::from_str(&text)
            .map_err(|error| Fault::Malformed(format!("a stored descriptor: {error}")))?;
        descriptors.push(descriptor);
    }
    Ok(listing(descriptors, page))
}

pub(super) async fn empty_since(
    connection: &mut AnyConnection,
) -> Result<Option<SystemTime>, Fault> {
    let row = sqlx::query(EMPTY_SINCE).fetch_optional(connection).await?;
    row.map(|row| row.time(0)).transpose()
}

pub(super) async fn ping(connection: &mut AnyConnection) -> Result<(), Fault> {
    sqlx::query("SELECT 1 FROM repositories LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(())
}
