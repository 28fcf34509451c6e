//! Connections to PostgreSQL.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};
use sqlx::{ConnectOptions as _, Executor as _};

use super::dialect::Dialect;
use super::fault::Fault;
use super::schema;
use crate::Error;

/// Settings with which a replica that froze inside a transaction cannot block others for longer
/// (the server ends its connection, and the transaction with it), and no statement runs on for a
/// client that has given up.
const SETTINGS: &str = "SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '20s'; \
    SET statement_timeout = '30s'";

/// The same settings, and commits do not wait for the disk.
const RELAXED_SETTINGS: &str = "SET idle_in_transaction_session_timeout = '30s'; \
    SET lock_timeout = '20s'; SET statement_timeout = '30s'; SET synchronous_commit = off";

/// Two pools, because whether a commit waits for the disk is a setting of the connection.
pub(super) struct Postgres {
    durable: AnyPool,
    relaxed: AnyPool,
}

impl Postgres {
    pub(super) async fn connect(url: &str, connections: u32, now: i64) -> Result<Self, Error> {
        Self::open(url, connections, now)
            .await
            .map_err(|fault| fault.into_error("open the metadata"))
    }

    async fn open(url: &str, connections: u32, now: i64) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(Fault::Malformed(
                "the URL does not begin with postgres://".to_owned(),
            ));
        }
        let options = AnyConnectOptions::from_str(url)?.disable_statement_logging();
        let relaxed = (connections / 4).max(1);
        let durable = connections.saturating_sub(relaxed).max(1);
        let this = Self {
            durable: pool(&options, durable, SETTINGS),
            relaxed: pool(&options, relaxed, RELAXED_SETTINGS),
        };
        let mut connection = this.durable.acquire().await?;
        schema::migrate(&mut connection, Dialect::Postgres, now).await?;
        Ok(this)
    }

    /// A connection whose commits are durable.
    pub(super) async fn durable(&self) -> Result<PoolConnection<Any>, Fault> {
        Ok(self.durable.acquire().await?)
    }

    /// A connection whose last commits may be lost when power is lost.
    pub(super) async fn relaxed(&self) -> Result<PoolConnection<Any>, Fault> {
        Ok(self.relaxed.acquire().await?)
    }
}

fn pool(options: &AnyConnectOptions, connections: u32, settings: &'static str) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        // Connections are tested when they are given back; reads are retried.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(settings).await.map(drop) })
        })
        .connect_lazy_with(options.clone())
}
