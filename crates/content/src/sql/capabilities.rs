//! The ports for keys and events.

use std::time::SystemTime;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::access::{read, write};
use super::dialect::{Dialect, listed};
use super::fault::Fault;
use super::store::SqlMetadata;
use super::values::{Columns as _, collect, json_list, limit, millis};
use crate::{ApiKey, ApiKeys, BoxFuture, Error, Event, Outbox};

impl ApiKeys for SqlMetadata {
    fn put_key<'a>(&'a self, key: &'a ApiKey) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { write!(self, Durable, "store an API key", |tx| put_key(tx, key)) })
    }

    fn key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ApiKey>, Error>> {
        Box::pin(async move { read!(self, "find an API key", |connection| key(connection, id)) })
    }

    fn keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, Error>> {
        Box::pin(async move { read!(self, "list API keys", |connection| keys(connection)) })
    }

    fn delete_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { write!(self, Durable, "delete an API key", |tx| delete_key(tx, id)) })
    }
}

impl Outbox for SqlMetadata {
    fn enqueue<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { write!(self, Durable, "store an event", |tx| enqueue(tx, event)) })
    }

    fn take_events<'a>(
        &'a self,
        target: &'a str,
        now: SystemTime,
        retry: SystemTime,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Event>, Error>> {
        let (dialect, now, retry) = (self.access.dialect(), millis(now), millis(retry));
        Box::pin(async move {
            // Mostly there is no event, and looking costs less than beginning to write.
            let due = read!(self, "look for events", |connection| {
                due(connection, target, now)
            })?;
            if !due {
                return Ok(Vec::new());
            }
            write!(self, Relaxed, "take events", |tx| {
                take(tx, dialect, target, now, retry, limit)
            })
        })
    }

    fn delivered<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { write!(self, Relaxed, "forget an event", |tx| forget(tx, id)) })
    }

    fn waiting(&self) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(async move { read!(self, "count events", |connection| waiting(connection)) })
    }
}

async fn put_key(tx: &mut AnyConnection, key: &ApiKey) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO api_keys (id, owner, secret_digest, description, created, expires) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.id.as_str())
    .bind(key.user.as_str())
    .bind(&key.secret_digest[..])
    .bind(key.description.as_str())
    .bind(millis(key.created))
    .bind(key.expires.map(millis))
    .execute(tx)
    .await?;
    Ok(())
}

async fn key(connection: &mut AnyConnection, id: &str) -> Result<Option<ApiKey>, Fault> {
    // The id comes from a client; no key has a zero byte, which PostgreSQL refuses.
    if id.contains('\0') {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT id, owner, secret_digest, description, created, expires FROM api_keys \
         WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(api_key).transpose()
}

async fn keys(connection: &mut AnyConnection) -> Result<Vec<ApiKey>, Fault> {
    let rows = sqlx::query(
        "SELECT id, owner, secret_digest, description, created, expires FROM api_keys \
         ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    collect(&rows, api_key)
}

fn api_key(row: &AnyRow) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: row.text(0)?,
        user: row.text(1)?,
        secret_digest: row
            .bytes(2)?
            .try_into()
            .map_err(|_| Fault::Malformed("a secret's digest has not 32 bytes".to_owned()))?,
        description: row.text(3)?,
        created: row.time(4)?,
        expires: row.optional_time(5)?,
    })
}

async fn delete_key(tx: &mut AnyConnection, id: &str) -> Result<bool, Fault> {
    let deleted = sqlx::query("DELETE FROM api_keys WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

async fn enqueue(tx: &mut AnyConnection, event: &Event) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO events (id, target, body, attempts, created, due) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (id) DO NOTHING",
    )
    .bind(event.id.as_str())
    .bind(event.target.as_str())
    .bind(event.body.as_str())
    .bind(i64::from(event.attempts))
    .bind(millis(event.created))
    .execute(tx)
    .await?;
    Ok(())
}

async fn due(connection: &mut AnyConnection, target: &str, now: i64) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM events WHERE target = $1 AND due <= $2 LIMIT 1")
        .bind(target)
        .bind(now)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

async fn take(
    tx: &mut AnyConnection,
    dialect: Dialect,
    target: &str,
    now: i64,
    retry: i64,
    most: usize,
) -> Result<Vec<Event>, Fault> {
    // Events that another replica is taking are skipped.
    let taken = sqlx::query(match dialect {
        Dialect::Sqlite => {
            "SELECT id FROM events WHERE target = $1 AND due <= $2 \
             ORDER BY created, id LIMIT $3"
        }
        Dialect::Postgres => {
            "SELECT id FROM events WHERE target = $1 AND due <= $2 \
             ORDER BY created, id LIMIT $3 FOR UPDATE SKIP LOCKED"
        }
    })
    .bind(target)
    .bind(now)
    .bind(limit(most))
    .fetch_all(&mut *tx)
    .await?;
    let ids = json_list(collect(&taken, |row| row.text(0))?);
    let rows = sqlx::query(listed!(
        dialect,
        "UPDATE events SET due = $2, attempts = attempts + 1 WHERE id IN (SELECT list.value FROM",
        ") RETURNING id, target, body, attempts - 1, created"
    ))
    .bind(ids)
    .bind(retry)
    .fetch_all(tx)
    .await?;
    let mut events = collect(&rows, |row| {
        Ok(Event {
            id: row.text(0)?,
            target: row.text(1)?,
            body: row.text(2)?,
            attempts: u32::try_from(row.number(3)?).unwrap_or(u32::MAX),
            created: row.time(4)?,
        })
    })?;
    events.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(events)
}

async fn forget(tx: &mut AnyConnection, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM events WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

async fn waiting(connection: &mut AnyConnection) -> Result<u64, Fault> {
    let row = sqlx::query("SELECT count(*) FROM events")
        .fetch_one(connection)
        .await?;
    row.size(0)
}
