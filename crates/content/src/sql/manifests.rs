//! Statements on manifests and tags.

use std::collections::{BTreeSet, HashMap, HashSet};

use lazaret_oci::{Digest, Repository, Tag};
use lazaret_values::Pattern;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::dialect::{Dialect, listed};
use super::fault::Fault;
use super::links;
use super::values::{Columns as _, artifact_key, json_list, signed};
use crate::{Error, ManifestSelector, NewManifest, StoredManifest};

pub(super) const BY_TAG: &str = "SELECT manifests.digest, manifests.media_type, manifests.bytes \
    FROM tags JOIN manifests ON manifests.repository = tags.repository \
     AND manifests.digest = tags.digest \
    WHERE tags.repository = $1 AND tags.name = $2";

pub(super) const BY_DIGEST: &str = "SELECT digest, media_type, bytes FROM manifests \
    WHERE repository = $1 AND digest = $2";

/// The query for the blobs of a list that a repository does not have.
pub(super) const fn missing_blobs(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "SELECT list.value FROM",
        "WHERE NOT EXISTS (SELECT 1 FROM links \
          JOIN blobs ON blobs.digest = links.digest AND blobs.quarantined = 0 \
          WHERE links.repository = $2 AND links.digest = list.value)"
    )
}

/// The query for the manifests of a list that a repository does not have.
pub(super) const fn missing_manifests(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "SELECT list.value FROM",
        "WHERE NOT EXISTS (SELECT 1 FROM manifests \
          WHERE manifests.repository = $2 AND manifests.digest = list.value)"
    )
}

/// Sizes in bytes of the blobs of a list.
pub(super) const fn blob_sizes(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "SELECT list.value, blobs.size FROM",
        "JOIN blobs ON blobs.digest = list.value"
    )
}

/// Sizes in bytes of the manifests of a list that a repository has.
pub(super) const fn manifest_sizes(dialect: Dialect) -> &'static str {
    listed!(
        dialect,
        "SELECT list.value, CAST(length(manifests.bytes) AS BIGINT) FROM",
        "JOIN manifests ON manifests.repository = $2 AND manifests.digest = list.value"
    )
}

pub(super) const DELETE_UNTAGGED: &str = "DELETE FROM manifests \
    WHERE repository = $1 AND digest = $2 AND pushed <= $3 \
    AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.repository = manifests.repository \
     AND tags.digest = manifests.digest) \
    AND NOT EXISTS (SELECT 1 FROM manifest_manifests AS edge \
     WHERE edge.repository = manifests.repository AND edge.child = manifests.digest) \
    AND NOT EXISTS (SELECT 1 FROM manifests AS other \
     WHERE other.repository = manifests.repository AND other.digest = manifests.subject) \
    RETURNING size";

pub(super) async fn get(
    connection: &mut AnyConnection,
    repository: &Repository,
    selector: &ManifestSelector,
) -> Result<Option<StoredManifest>, Fault> {
    let query = match selector {
        ManifestSelector::Tag(tag) => sqlx::query(BY_TAG)
            .bind(repository.as_str())
            .bind(tag.as_str()),
        ManifestSelector::Digest(digest) => sqlx::query(BY_DIGEST)
            .bind(repository.as_str())
            .bind(digest.to_string()),
    };
    let row = query.fetch_optional(connection).await?;
    row.map(|row| {
        Ok(StoredManifest {
            digest: row.parsed(0)?,
            media_type: row.text(1)?,
            bytes: row.bytes(2)?.into(),
        })
    })
    .transpose()
}

pub(super) async fn put(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    manifest: &NewManifest,
    now: i64,
) -> Result<(), Fault> {
    let used = links::lock_or_create(tx, repository).await?;
    let blobs = json_list(texts(&manifest.blobs));
    let manifests = json_list(texts(&manifest.manifests));
    let tags = json_list(
        manifest
            .tags
            .iter()
            .map(Tag::as_str)
            .collect::<BTreeSet<_>>(),
    );
    require_content(tx, dialect, repository, manifest, &blobs, &manifests).await?;
    require_sizes(tx, dialect, repository, manifest, &blobs, &manifests).await?;
    if manifest.tags_are_immutable {
        refuse_moves(tx, dialect, repository, manifest, &tags).await?;
    }
    let digest = manifest.digest.to_string();
    store(tx, repository, used, manifest, &digest, now).await?;
    connect(tx, dialect, repository, &digest, &blobs, &manifests).await?;
    sqlx::query(listed!(
        dialect,
        "INSERT INTO tags (repository, name, digest, updated) SELECT $2, list.value, $3, $4 FROM",
        "WHERE true ON CONFLICT (repository, name) \
         DO UPDATE SET digest = excluded.digest, updated = excluded.updated"
    ))
    .bind(tags)
    .bind(repository.as_str())
    .bind(&digest)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// The digests as texts, each once.
fn texts(digests: &[Digest]) -> BTreeSet<String> {
    digests.iter().map(Digest::to_string).collect()
}

/// Fails unless everything that the manifest needs is in the repository.
async fn require_content(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    manifest: &NewManifest,
    blobs: &str,
    manifests: &str,
) -> Result<(), Fault> {
    let mut missing = HashSet::new();
    let mut needed: Vec<&Digest> = Vec::new();
    if !manifest.blobs.is_empty() {
        let query = sqlx::query(missing_blobs(dialect));
        let rows = query.bind(blobs).bind(repository.as_str());
        add_texts(&mut missing, &rows.fetch_all(&mut *tx).await?)?;
        needed.extend(&manifest.blobs);
    }
    if manifest.needs_manifests && !manifest.manifests.is_empty() {
        let query = sqlx::query(missing_manifests(dialect));
        let rows = query.bind(manifests).bind(repository.as_str());
        add_texts(&mut missing, &rows.fetch_all(&mut *tx).await?)?;
        needed.extend(&manifest.manifests);
    }
    if missing.is_empty() {
        return Ok(());
    }
    // In the manifest's order, each once.
    needed.retain(|digest| missing.remove(&digest.to_string()));
    let digests = needed.into_iter().cloned().collect();
    Err(Fault::Refused(Error::Missing { digests }))
}

/// Fails when the manifest states another size of something than it has.
async fn require_sizes(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    manifest: &NewManifest,
    blobs: &str,
    manifests: &str,
) -> Result<(), Fault> {
    if manifest.sizes.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    if !manifest.blobs.is_empty() {
        let query = sqlx::query(blob_sizes(dialect)).bind(blobs);
        rows.extend(query.fetch_all(&mut *tx).await?);
    }
    if !manifest.manifests.is_empty() {
        let query = sqlx::query(manifest_sizes(dialect));
        let query = query.bind(manifests).bind(repository.as_str());
        rows.extend(query.fetch_all(&mut *tx).await?);
    }
    let mut actual: HashMap<Digest, u64> = HashMap::new();
    for row in rows {
        actual.insert(row.parsed(0)?, row.size(1)?);
    }
    for (digest, stated) in &manifest.sizes {
        if let Some(&actual) = actual.get(digest)
            && actual != *stated
        {
            let (digest, stated) = (digest.clone(), *stated);
            return Err(Fault::Refused(Error::SizeContradicted {
                digest,
                stated,
                actual,
            }));
        }
    }
    Ok(())
}

fn add_texts(texts: &mut HashSet<String>, rows: &[AnyRow]) -> Result<(), Fault> {
    for row in rows {
        texts.insert(row.text(0)?);
    }
    Ok(())
}

/// Fails when one of the tags points to another manifest.
async fn refuse_moves(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    manifest: &NewManifest,
    tags: &str,
) -> Result<(), Fault> {
    let row = sqlx::query(listed!(
        dialect,
        "SELECT tags.name, tags.digest FROM",
        "JOIN tags ON tags.repository = $2 AND tags.name = list.value \
         WHERE tags.digest <> $3 ORDER BY tags.name LIMIT 1"
    ))
    .bind(tags)
    .bind(repository.as_str())
    .bind(manifest.digest.to_string())
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else {
        return Ok(());
    };
    Err(Fault::Refused(Error::TagImmutable {
        tag: row.parsed(0)?,
        digest: row.parsed(1)?,
    }))
}

/// Stores the manifest in a repository that holds `used` bytes.
async fn store(
    tx: &mut AnyConnection,
    repository: &Repository,
    used: u64,
    manifest: &NewManifest,
    digest: &str,
    now: i64,
) -> Result<(), Fault> {
    let referrer = manifest.referrer.as_ref();
    let subject = referrer.map(|referrer| referrer.subject.to_string());
    let artifact_type = referrer
        .and_then(|referrer| referrer.descriptor.artifact_type.as_deref())
        .map(artifact_key);
    let descriptor = referrer
        .map(|referrer| serde_json::to_string(&referrer.descriptor))
        .transpose()
        .map_err(|error| Fault::Malformed(format!("a descriptor: {error}")))?;
    let updated = sqlx::query(
        "UPDATE manifests SET media_type = $3, pushed = $4, subject = $5, artifact_type = $6, \
         referrer = $7 WHERE repository = $1 AND digest = $2",
    )
    .bind(repository.as_str())
    .bind(digest)
    .bind(manifest.media_type.as_str())
    .bind(now)
    .bind(subject.as_deref())
    .bind(artifact_type.as_deref())
    .bind(descriptor.as_deref())
    .execute(&mut *tx)
    .await?;
    if updated.rows_affected() > 0 {
        return Ok(());
    }
    let size = manifest.bytes.len() as u64;
    links::require_room(used, size, manifest.quota)?;
    sqlx::query(
        "INSERT INTO manifests (repository, digest, media_type, pushed, subject, \
         artifact_type, referrer, size, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(repository.as_str())
    .bind(digest)
    .bind(manifest.media_type.as_str())
    .bind(now)
    .bind(subject.as_deref())
    .bind(artifact_type.as_deref())
    .bind(descriptor.as_deref())
    .bind(signed(size))
    .bind(&manifest.bytes[..])
    .execute(&mut *tx)
    .await?;
    count(tx, repository, 1, signed(size)).await
}

/// Changes the number of manifests of a repository, and that of its bytes.
async fn count(
    tx: &mut AnyConnection,
    repository: &Repository,
    more: i64,
    bytes: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE repositories SET manifests = manifests + $2, bytes = bytes + $3 WHERE name = $1",
    )
    .bind(repository.as_str())
    .bind(more)
    .bind(bytes)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes a deleted manifest, whose row has its size, from the repository's numbers; `false` when
/// there was none.
async fn uncount(
    tx: &mut AnyConnection,
    repository: &Repository,
    deleted: Option<AnyRow>,
) -> Result<bool, Fault> {
    let Some(row) = deleted else {
        return Ok(false);
    };
    count(tx, repository, -1, -row.number(0)?).await?;
    Ok(true)
}

/// Records the content that the manifest names, which depends on its media type.
async fn connect(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    digest: &str,
    blobs: &str,
    manifests: &str,
) -> Result<(), Fault> {
    for statement in [
        "DELETE FROM manifest_blobs WHERE repository = $1 AND manifest = $2",
        "DELETE FROM manifest_manifests WHERE repository = $1 AND manifest = $2",
    ] {
        sqlx::query(statement)
            .bind(repository.as_str())
            .bind(digest)
            .execute(&mut *tx)
            .await?;
    }
    let insertions = [
        (
            blobs,
            listed!(
                dialect,
                "INSERT INTO manifest_blobs (repository, manifest, blob) \
                 SELECT $2, $3, list.value FROM",
                ""
            ),
        ),
        (
            manifests,
            listed!(
                dialect,
                "INSERT INTO manifest_manifests (repository, manifest, child) \
                 SELECT $2, $3, list.value FROM",
                ""
            ),
        ),
    ];
    for (list, statement) in insertions {
        if list != "[]" {
            sqlx::query(statement)
                .bind(list)
                .bind(repository.as_str())
                .bind(digest)
                .execute(&mut *tx)
                .await?;
        }
    }
    Ok(())
}

pub(super) async fn delete(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    digest: &Digest,
    immutable: &[Pattern],
) -> Result<bool, Fault> {
    if !links::lock(tx, dialect, repository).await? {
        return Ok(false);
    }
    let text = digest.to_string();
    let query = "DELETE FROM tags WHERE repository = $1 AND digest = $2 RETURNING name";
    let tags = sqlx::query(query)
        .bind(repository.as_str())
        .bind(&text)
        .fetch_all(&mut *tx)
        .await?;
    for row in &tags {
        refuse_immutable(row.parsed(0)?, digest, immutable)?;
    }
    if !immutable.is_empty() {
        let above = sqlx::query(TAGS_ABOVE)
            .bind(repository.as_str())
            .bind(&text)
            .fetch_all(&mut *tx)
            .await?;
        for row in &above {
            refuse_immutable(row.parsed(0)?, &row.parsed(1)?, immutable)?;
        }
    }
    let query = "DELETE FROM manifests WHERE repository = $1 AND digest = $2 RETURNING size";
    let deleted = sqlx::query(query)
        .bind(repository.as_str())
        .bind(&text)
        .fetch_optional(&mut *tx)
        .await?;
    uncount(tx, repository, deleted).await
}

/// The tags of the indexes that name a manifest, directly or through others, with their digests.
const TAGS_ABOVE: &str = "WITH RECURSIVE above(digest) AS (\
     SELECT manifest FROM manifest_manifests WHERE repository = $1 AND child = $2 \
     UNION SELECT link.manifest FROM manifest_manifests AS link \
     JOIN above ON link.child = above.digest WHERE link.repository = $1) \
     SELECT tags.name, tags.digest FROM tags JOIN above ON tags.digest = above.digest \
     WHERE tags.repository = $1";

fn refuse_immutable(tag: Tag, digest: &Digest, immutable: &[Pattern]) -> Result<(), Fault> {
    if immutable
        .iter()
        .any(|pattern| pattern.matches(tag.as_str()))
    {
        let digest = digest.clone();
        return Err(Fault::Refused(Error::TagImmutable { tag, digest }));
    }
    Ok(())
}

pub(super) async fn delete_untagged(
    tx: &mut AnyConnection,
    dialect: Dialect,
    repository: &Repository,
    digest: &Digest,
    pushed: i64,
) -> Result<bool, Fault> {
    if !links::lock(tx, dialect, repository).await? {
        return Ok(false);
    }
    let deleted = sqlx::query(DELETE_UNTAGGED)
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(pushed)
        .fetch_optional(&mut *tx)
        .await?;
    uncount(tx, repository, deleted).await
}

pub(super) async fn delete_tag(
    tx: &mut AnyConnection,
    repository: &Repository,
    tag: &Tag,
) -> Result<bool, Fault> {
    let deleted = sqlx::query("DELETE FROM tags WHERE repository = $1 AND name = $2")
        .bind(repository.as_str())
        .bind(tag.as_str())
        .execute(tx)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn delete_tag_of(
    tx: &mut AnyConnection,
    repository: &Repository,
    tag: &Tag,
    digest: &Digest,
) -> Result<bool, Fault> {
    let deleted =
        sqlx::query("DELETE FROM tags WHERE repository = $1 AND name = $2 AND digest = $3")
            .bind(repository.as_str())
            .bind(tag.as_str())
            .bind(digest.to_string())
            .execute(tx)
            .await?;
    Ok(deleted.rows_affected() > 0)
}
