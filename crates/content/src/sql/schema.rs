//! Migrations: numbered SQL files, applied in order, each once.

use sqlx::{Any, AnyConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::dialect::Dialect;
use super::fault::Fault;

/// The migrations; the first is number 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001.sql"),
    include_str!("../../migrations/0002.sql"),
    include_str!("../../migrations/0003.sql"),
    include_str!("../../migrations/0004.sql"),
];

/// Excludes other migrations of the same PostgreSQL database; the number is arbitrary but unique.
const LOCK: &str = "SELECT CAST(pg_advisory_xact_lock(7815604210948123001) AS TEXT)";

/// Migrates a database to this program's schema, if it is not there yet. Replicas that
/// start at once wait for the first. Returns whether anything was changed.
pub(super) async fn migrate(
    connection: &mut AnyConnection,
    dialect: Dialect,
    now: i64,
) -> Result<bool, Fault> {
    if let Ok(Some(version)) = version(connection).await
        && current(version)?
    {
        return Ok(false);
    }
    let begin = match dialect {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::Postgres => "BEGIN",
    };
    let mut transaction = connection.begin_with(begin).await?;
    if dialect == Dialect::Postgres {
        sqlx::query(LOCK).execute(&mut *transaction).await?;
    }
    sqlx::query("CREATE TABLE IF NOT EXISTS lazaret_schema (version BIGINT NOT NULL)")
        .execute(&mut *transaction)
        .await?;
    let applied = version(&mut transaction).await?;
    if !current(applied.unwrap_or_default())? {
        let applied = usize::try_from(applied.unwrap_or_default()).unwrap_or_default();
        for migration in &MIGRATIONS[applied..] {
            let statements = AssertSqlSafe(translated(migration, dialect));
            sqlx::raw_sql(statements).execute(&mut *transaction).await?;
        }
        if applied == 0 {
            sqlx::query("INSERT INTO lazaret_origin (created) VALUES ($1)")
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("DELETE FROM lazaret_schema")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO lazaret_schema (version) VALUES ($1)")
            .bind(newest())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Number of the last migration.
fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Number of the last migration that was applied; fails when there was none.
async fn version(connection: &mut AnyConnection) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query::<Any>("SELECT version FROM lazaret_schema")
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Whether nothing is left to apply.
fn current(version: i64) -> Result<bool, Fault> {
    if version > newest() {
        return Err(Fault::Malformed(format!(
            "the database has schema {version}, and this program knows none after {}: use a newer program",
            newest()
        )));
    }
    Ok(version == newest())
}

/// A migration in the syntax of a database.
fn translated(migration: &str, dialect: Dialect) -> String {
    let (text, bytes, clustered) = match dialect {
        Dialect::Sqlite => ("TEXT", "BLOB", "WITHOUT ROWID"),
        Dialect::Postgres => ("TEXT COLLATE \"C\"", "BYTEA", ""),
    };
    migration
        .replace("{text}", text)
        .replace("{bytes}", bytes)
        .replace("{clustered}", clustered)
}
