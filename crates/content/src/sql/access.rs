//! Connections for reading and for transactions that write, with their retries.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};

use super::dialect::Dialect;
use super::fault::Fault;
use super::postgres::Postgres;
use super::sqlite::{Reader, Sqlite, Writer};
use crate::Error;

/// Most attempts at a transaction that conflicts with another one.
const ATTEMPTS: u32 = 8;

/// Most lost connections for one statement: a pool loses all of its connections when the server
/// restarts.
const LOST_CONNECTIONS: u32 = 64;

/// How long the server may take for one statement that reads or one transaction, longer than its
/// own limit for a statement.
const PATIENCE: Duration = Duration::from_secs(35);

/// The durability of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// Durable before it is acknowledged.
    Durable,
    /// May be lost when power is lost.
    Relaxed,
}

/// Access to a database of either kind.
pub(super) enum Access {
    /// SQLite.
    Sqlite(Box<Sqlite>),
    /// PostgreSQL.
    Postgres(Postgres),
}

/// A borrowed connection.
pub(super) enum Loan<'a> {
    Reader(Reader<'a>),
    Writer(Writer<'a>),
    Pooled(PoolConnection<Any>),
}

impl Access {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection for one statement that only reads.
    pub(super) async fn reader(&self) -> Result<Loan<'_>, Fault> {
        match self {
            Self::Sqlite(sqlite) => Ok(Loan::Reader(sqlite.reader().await?)),
            Self::Postgres(postgres) => Ok(Loan::Pooled(postgres.durable().await?)),
        }
    }

    /// A connection for a transaction that starts with [`Self::begin`].
    pub(super) async fn writer(&self, worth: Worth) -> Result<Loan<'_>, Fault> {
        match (self, worth) {
            (Self::Sqlite(sqlite), _) => Ok(Loan::Writer(sqlite.writer().await?)),
            (Self::Postgres(postgres), Worth::Durable) => {
                Ok(Loan::Pooled(postgres.durable().await?))
            }
            (Self::Postgres(postgres), Worth::Relaxed) => {
                Ok(Loan::Pooled(postgres.relaxed().await?))
            }
        }
    }

    /// Does work that a database elsewhere has to answer in time. SQLite is in this process and
    /// waits for the disk only.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        match self {
            Self::Sqlite(_) => work.await,
            Self::Postgres(_) => tokio::time::timeout(PATIENCE, work).await?,
        }
    }

    /// The statement that begins a writing transaction.
    pub(super) fn begin(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        }
    }

    /// The statement that begins a transaction whose statements all see the same snapshot.
    pub(super) fn begin_snapshot(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN",
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// After a commit, waits until it is durable, if `worth` requires it.
    pub(super) async fn settle(&self, worth: Worth) -> Result<(), Error> {
        match (self, worth) {
            (Self::Sqlite(sqlite), Worth::Durable) => sqlite.settle().await,
            _ => Ok(()),
        }
    }
}

impl Loan<'_> {
    /// Gives the connection back, or closes it if the fault means that it is broken.
    pub(super) fn end<T>(mut self, outcome: &Result<T, Fault>) {
        let Err(fault) = outcome else {
            return;
        };
        match &mut self {
            // SQLite itself ends a transaction on some errors, such as a full disk, so that the
            // connection's own state would be wrong.
            Self::Writer(writer) if fault.is_of_database() => writer.discard(),
            Self::Reader(reader) if fault.is_of_database() => reader.discard(),
            Self::Pooled(pooled) if !fault.connection_is_good() => pooled.close_on_drop(),
            _ => {}
        }
    }
}

impl Deref for Loan<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
            Self::Pooled(pooled) => pooled,
        }
    }
}

impl DerefMut for Loan<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
            Self::Pooled(pooled) => pooled,
        }
    }
}

/// Counts the attempts at a statement or transaction.
#[derive(Debug, Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    /// Whether to repeat a read after this outcome.
    pub(super) fn read_again<T>(&mut self, outcome: &Result<T, Fault>) -> bool {
        self.0 += 1;
        self.0 < LOST_CONNECTIONS && outcome.as_ref().is_err_and(Fault::lost_connection)
    }

    /// Waits a moment and returns `true` if the transaction should be repeated.
    pub(super) async fn write_again<T>(&mut self, outcome: &Result<T, Fault>) -> bool {
        let Some(fault) = outcome.as_ref().err().filter(|fault| fault.met_another()) else {
            return false;
        };
        self.0 += 1;
        if fault.lost_connection() {
            return self.0 < LOST_CONNECTIONS;
        }
        if self.0 >= ATTEMPTS {
            return false;
        }
        // A random delay, so that the attempts do not collide again.
        let spread = fastrand::u64(0..4 << self.0);
        tokio::time::sleep(Duration::from_millis(spread)).await;
        true
    }
}

/// Runs a statement that only reads: `read!(self, "action", |connection| future)`, where
/// the future's output is a `Result<T, Fault>`. It is repeated when the connection is lost.
macro_rules! read {
    ($self:ident, $action:literal, |$connection:ident| $body:expr) => {{
        let mut attempts = $crate::sql::access::Attempts::default();
        loop {
            let outcome: Result<_, $crate::sql::fault::Fault> = match $self.access.reader().await {
                Ok(mut loan) => {
                    let $connection = &mut *loan;
                    let outcome = $self.access.within($body).await;
                    loan.end(&outcome);
                    outcome
                }
                Err(fault) => Err(fault),
            };
            if !attempts.read_again(&outcome) {
                break outcome.map_err(|fault| fault.into_error($action));
            }
        }
    }};
}
pub(super) use read;

/// Runs a transaction: `write!(self, Durable, "action", |tx| future)`. All or nothing, also
/// when it is cancelled. It is repeated when it conflicts with another one.
macro_rules! write {
    ($self:ident, $worth:ident, $action:literal, |$tx:ident| $body:expr) => {{
        let worth = $crate::sql::access::Worth::$worth;
        let mut attempts = $crate::sql::access::Attempts::default();
        loop {
            let outcome: Result<_, $crate::sql::fault::Fault> =
                match $self.access.writer(worth).await {
                    Ok(mut loan) => {
                        let work = async {
                            let mut transaction =
                                sqlx::Connection::begin_with(&mut *loan, $self.access.begin())
                                    .await
                                    .map_err($crate::sql::fault::Fault::NotBegun)?;
                            let value = {
                                let $tx = &mut *transaction;
                                $body.await?
                            };
                            transaction.commit().await?;
                            Ok(value)
                        };
                        let outcome = $self.access.within(work).await;
                        loan.end(&outcome);
                        outcome
                    }
                    Err(fault) => Err(fault),
                };
            if attempts.write_again(&outcome).await {
                continue;
            }
            break match outcome {
                Ok(value) => $self.access.settle(worth).await.map(|()| value),
                Err(fault) => Err(fault.into_error($action)),
            };
        }
    }};
}
pub(super) use write;
