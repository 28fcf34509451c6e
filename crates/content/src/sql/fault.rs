//! Failures of statements and transactions, and the decision to try again.

use crate::Error;

/// A failure inside a transaction.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database's.
    Sql(sqlx::Error),
    /// The database's, before a transaction began.
    NotBegun(sqlx::Error),
    /// An answer of the port, which also undoes the transaction.
    Refused(Error),
    /// A row was deleted between the look at it and its lock; the next attempt will see.
    Outrun,
    /// A stored value that this program does not understand.
    Malformed(String),
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

    /// Whether the same transaction may go well next time: it met another one (serialization
    /// failure, deadlock), what it looked at went before it could lock it (foreign key), or it
    /// has not even begun on a connection that was lost.
    pub(super) fn met_another(&self) -> bool {
        match self {
            Self::Outrun => true,
            Self::NotBegun(_) => self.lost_connection(),
            _ => matches!(self.code().as_deref(), Some("40001" | "40P01" | "23503")),
        }
    }

    /// Whether the connection is gone, so that another one may do.
    pub(super) fn lost_connection(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::Protocol(_))
            | Self::NotBegun(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) => true,
            // The server's own words: shutdown, crash, administrator.
            _ => matches!(self.code().as_deref(), Some("57P01" | "57P02" | "57P03")),
        }
    }

    /// Whether the database failed, after which little is known about the connection.
    pub(super) fn is_of_database(&self) -> bool {
        matches!(self, Self::Sql(_) | Self::NotBegun(_))
    }

    /// Whether the connection can be used further: the database itself said no.
    pub(super) fn connection_is_good(&self) -> bool {
        match self {
            Self::Sql(error) | Self::NotBegun(error) => {
                matches!(error, sqlx::Error::Database(_)) && !self.lost_connection()
            }
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
