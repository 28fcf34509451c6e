//! The port for content of upstream registries.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use lazaret_oci::{Digest, Repository};
use sqlx::AnyConnection;

use super::access::{read, write};
use super::dialect::listed_rows;
use super::fault::Fault;
use super::store::SqlMetadata;
use super::values::{Columns as _, json_list, millis, span};
use super::{eviction, manifests, uploads, usage};
use crate::{
    BoxFuture, Claim, Error, Finished, Listing, Mirrored, MirroredManifest, NewManifest, Page,
    UploadId, UpstreamAnswer,
};

impl Mirrored for SqlMetadata {
    fn put_mirrored<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (dialect, now) = (self.access.dialect(), self.now());
        Box::pin(async move {
            self.require_room()?;
            write!(self, Durable, "store a mirrored manifest", |tx| put(
                tx, dialect, repository, &manifest, now
            ))
        })
    }

    fn missing_size<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move {
            read!(self, "find a missing blob", |connection| {
                missing_size(connection, repository, digest)
            })
        })
    }

    fn finish_mirrored<'a>(
        &'a self,
        repository: &'a Repository,
        id: &'a UploadId,
        claim: &'a Claim,
        digest: &'a Digest,
        size: u64,
    ) -> BoxFuture<'a, Result<Finished, Error>> {
        let (dialect, now) = (self.access.dialect(), self.now());
        let quota = None;
        let content = uploads::Content {
            digest,
            size,
            quota,
        };
        Box::pin(async move {
            write!(self, Durable, "finish a mirrored blob", |tx| async {
                let finished = uploads::finish(tx, dialect, id, claim, &content, now).await?;
                arrived(tx, repository, digest).await?;
                Ok::<_, Fault>(finished)
            })
        })
    }

    fn upstream_answer<'a>(
        &'a self,
        repository: &'a Repository,
        reference: &'a str,
    ) -> BoxFuture<'a, Result<Option<UpstreamAnswer>, Error>> {
        Box::pin(async move {
            read!(self, "find an answer of an upstream", |connection| {
                answer(connection, repository, reference)
            })
        })
    }

    fn record_answer<'a>(
        &'a self,
        repository: &'a Repository,
        reference: &'a str,
        found: bool,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "record an answer of an upstream", |tx| {
                record_answer(tx, repository, reference, found, now)
            })
        })
    }

    fn forget_absent(&self, before: SystemTime) -> BoxFuture<'_, Result<u64, Error>> {
        let before = millis(before);
        Box::pin(async move {
            write!(self, Relaxed, "forget answers of upstreams", |tx| {
                forget_absent(tx, before)
            })
        })
    }

    fn record_use<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let now = self.now();
        Box::pin(async move {
            write!(self, Relaxed, "record a use", |tx| usage::record(
                tx, repository, digest, now
            ))
        })
    }

    fn least_used(&self, limit: usize) -> BoxFuture<'_, Result<Vec<MirroredManifest>, Error>> {
        Box::pin(async move {
            read!(self, "list uses", |connection| usage::least(
                connection, limit
            ))
        })
    }

    fn mirrored(&self, page: Page) -> BoxFuture<'_, Result<Listing<MirroredManifest>, Error>> {
        Box::pin(async move {
            read!(self, "list mirrored manifests", |connection| usage::list(
                connection, &page
            ))
        })
    }

    fn bytes_below<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<u64, Error>> {
        Box::pin(async move {
            read!(
                self,
                "count the bytes of mirrored repositories",
                |connection| usage::bytes_below(connection, prefix)
            )
        })
    }

    fn evict<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        unused_since: SystemTime,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (dialect, now, unused_since) =
            (self.access.dialect(), self.now(), millis(unused_since));
        Box::pin(async move {
            write!(self, Durable, "evict a manifest", |tx| eviction::evict(
                tx,
                dialect,
                repository,
                digest,
                unused_since,
                now
            ))
        })
    }

    fn claim_fill<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let now = self.now();
        let until = now.saturating_add(span(lease));
        Box::pin(async move {
            write!(self, Relaxed, "claim a fill", |tx| claim_fill(
                tx, repository, digest, claim, now, until
            ))
        })
    }

    fn release_fill<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            write!(self, Relaxed, "release a fill", |tx| release_fill(
                tx, repository, digest, claim
            ))
        })
    }
}

/// Stores a manifest with edges to the blobs that are here, and rows for those that are missing.
async fn put(
    tx: &mut AnyConnection,
    dialect: super::dialect::Dialect,
    repository: &Repository,
    manifest: &NewManifest,
    now: i64,
) -> Result<(), Fault> {
    super::links::lock_or_create(tx, repository).await?;
    let mut stored = manifest.clone();
    let mut missing = HashSet::new();
    if !stored.blobs.is_empty() {
        let list = json_list(stored.blobs.iter().map(Digest::to_string));
        let rows = sqlx::query(manifests::missing_blobs(dialect))
            .bind(list)
            .bind(repository.as_str())
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            missing.insert(row.text(0)?);
        }
    }
    stored
        .blobs
        .retain(|digest| !missing.contains(&digest.to_string()));
    manifests::put(tx, dialect, repository, &stored, now).await?;
    let digest = manifest.digest.to_string();
    sqlx::query("DELETE FROM mirror_missing WHERE repository = $1 AND manifest = $2")
        .bind(repository.as_str())
        .bind(&digest)
        .execute(&mut *tx)
        .await?;
    let sizes: HashMap<&Digest, u64> = manifest.sizes.iter().map(|(d, size)| (d, *size)).collect();
    let rows: Vec<_> = manifest
        .blobs
        .iter()
        .filter(|blob| missing.remove(&blob.to_string()))
        .map(|blob| {
            let size = sizes.get(blob).copied().unwrap_or(0);
            serde_json::json!([blob.to_string(), super::values::signed(size)])
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(listed_rows!(
        dialect,
        "INSERT INTO mirror_missing (repository, manifest, digest, size) \
         SELECT $2, $3, list.value ->> 0, CAST(list.value ->> 1 AS BIGINT) FROM",
        "WHERE true"
    ))
    .bind(serde_json::Value::Array(rows).to_string())
    .bind(repository.as_str())
    .bind(&digest)
    .execute(tx)
    .await?;
    Ok(())
}

async fn missing_size(
    connection: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<u64>, Fault> {
    let row = sqlx::query(
        "SELECT min(size), max(size) FROM mirror_missing \
         WHERE repository = $1 AND digest = $2 HAVING min(size) = max(size)",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.size(0)).transpose()
}

/// Makes rows of what is missing edges, now that the repository has the blob.
async fn arrived(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
) -> Result<(), Fault> {
    let digest = digest.to_string();
    sqlx::query(
        "INSERT INTO manifest_blobs (repository, manifest, blob) \
         SELECT missing.repository, missing.manifest, missing.digest \
         FROM mirror_missing AS missing JOIN links ON links.repository = missing.repository \
          AND links.digest = missing.digest \
         WHERE missing.repository = $1 AND missing.digest = $2 \
         ON CONFLICT (repository, manifest, blob) DO NOTHING",
    )
    .bind(repository.as_str())
    .bind(&digest)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM mirror_missing WHERE repository = $1 AND digest = $2 AND EXISTS \
         (SELECT 1 FROM links WHERE links.repository = mirror_missing.repository \
          AND links.digest = mirror_missing.digest)",
    )
    .bind(repository.as_str())
    .bind(&digest)
    .execute(tx)
    .await?;
    Ok(())
}

async fn answer(
    connection: &mut AnyConnection,
    repository: &Repository,
    reference: &str,
) -> Result<Option<UpstreamAnswer>, Fault> {
    let row = sqlx::query(
        "SELECT found, asked FROM mirror_answers WHERE repository = $1 AND reference = $2",
    )
    .bind(repository.as_str())
    .bind(reference)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(UpstreamAnswer {
            found: row.number(0)? != 0,
            asked: row.time(1)?,
        })
    })
    .transpose()
}

async fn record_answer(
    tx: &mut AnyConnection,
    repository: &Repository,
    reference: &str,
    found: bool,
    now: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO mirror_answers (repository, reference, found, asked) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (repository, reference) \
         DO UPDATE SET found = excluded.found, asked = excluded.asked",
    )
    .bind(repository.as_str())
    .bind(reference)
    .bind(i64::from(found))
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

async fn forget_absent(tx: &mut AnyConnection, before: i64) -> Result<u64, Fault> {
    let forgotten = sqlx::query("DELETE FROM mirror_answers WHERE found = 0 AND asked < $1")
        .bind(before)
        .execute(tx)
        .await?;
    Ok(forgotten.rows_affected())
}

async fn claim_fill(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
    claim: &Claim,
    now: i64,
    until: i64,
) -> Result<bool, Fault> {
    let claimed = sqlx::query(
        "INSERT INTO mirror_fills (repository, digest, claim, lease) VALUES ($1, $2, $3, $5) \
         ON CONFLICT (repository, digest) DO UPDATE \
         SET claim = excluded.claim, lease = excluded.lease \
         WHERE mirror_fills.claim = excluded.claim OR mirror_fills.lease <= $4",
    )
    .bind(repository.as_str())
    .bind(digest.to_string())
    .bind(claim.as_str())
    .bind(now)
    .bind(until)
    .execute(tx)
    .await?;
    Ok(claimed.rows_affected() > 0)
}

async fn release_fill(
    tx: &mut AnyConnection,
    repository: &Repository,
    digest: &Digest,
    claim: &Claim,
) -> Result<(), Fault> {
    sqlx::query("DELETE FROM mirror_fills WHERE repository = $1 AND digest = $2 AND claim = $3")
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(claim.as_str())
        .execute(tx)
        .await?;
    Ok(())
}
