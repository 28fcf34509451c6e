//! Failures of statements and transactions, and whether to retry.

use tokio::time::error::Elapsed;

use crate::Error;

/// A failure inside a transaction.
#[derive(Debug)]
pub(super) enum Fault {
    /// An error of the database.
    Sql(sqlx::Error),
    /// An error of the database, before a transaction began.
    NotBegun(sqlx::Error),
    /// An error of the port, which also rolls the transaction back.
    Refused(Error),
    /// A row was deleted between reading and locking it; the next attempt will find it gone.
    Outrun,
    /// A stored value that this program cannot parse.
    Malformed(String),
    /// No answer in time.
    Silent(Elapsed),
}

impl From<Elapsed> for Fault {
    fn from(elapsed: Elapsed) -> Self {
        Self::Silent(elapsed)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    /// The port's error for a failure to do `action`.
    pub(super) fn into_error(self, action: &'static str) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Silent(elapsed) => Error::Unavailable {
                action,
                source: Box::new(elapsed),
            },
            Self::Sql(error) | Self::NotBegun(error) if is_full(&error) => Error::Full {
                place: "the database".to_owned(),
            },
            Self::Sql(error) | Self::NotBegun(error) if is_unavailable(&error) => {
                Error::Unavailable {
                    action,
                    source: Box::new(error),
                }
            }
            Self::Sql(error) | Self::NotBegun(error) => Error::Database {
                action,
                source: Box::new(error),
            },
            Self::Outrun => Error::Database {
                action,
                source: "others change the same content all the time".into(),
            },
            Self::Malformed(what) => Error::Database {
                action,
                source: what.into(),
            },
        }
    }

    /// Whether the same transaction may succeed next time: it conflicted with another one
    /// (serialization failure, deadlock), a row was deleted before it could be locked (foreign
    /// key), or it had not even begun on a connection that was lost.
    pub(super) fn met_another(&self) -> bool {
        match self {
            Self::Outrun => true,
            Self::NotBegun(_) => self.lost_connection(),
            _ => matches!(self.code().as_deref(), Some("40001" | "40P01" | "23503")),
        }
    }

    /// Whether the connection is gone, so that another one may work.
    pub(super) fn lost_connection(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
            | Self::NotBegun(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) => true,
            // The server's own codes: shutdown, crash, administrator.
            _ => matches!(self.code().as_deref(), Some("57P01" | "57P02" | "57P03")),
        }
    }

    /// Whether the database failed, after which the state of the connection is uncertain.
    pub(super) fn is_of_database(&self) -> bool {
        matches!(self, Self::Sql(_) | Self::NotBegun(_) | Self::Silent(_))
    }

    /// Whether the connection is still usable: the database itself returned the error.
    pub(super) fn connection_is_good(&self) -> bool {
        match self {
            Self::Sql(error) | Self::NotBegun(error) => {
                matches!(error, sqlx::Error::Database(_)) && !self.lost_connection()
            }
            Self::Silent(_) => false,
            Self::Refused(_) | Self::Malformed(_) | Self::Outrun => true,
        }
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Self::Sql(sqlx::Error::Database(error))
            | Self::NotBegun(sqlx::Error::Database(error)) => error.code(),
            _ => None,
        }
    }
}

/// Whether the disk of the database is full: `SQLITE_FULL`, or `disk_full` of PostgreSQL.
fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("13" | "53100"))
        }
        _ => false,
    }
}

/// Whether the database may answer again by itself: it cannot be reached, starts or stops, has no
/// connection to spare (class 53), or took too long (57014).
fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("53") || code.starts_with("57P0") || code == "57014"
        }),
        _ => false,
    }
}
