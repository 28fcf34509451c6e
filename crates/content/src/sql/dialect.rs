//! The two databases, and statements in which their syntax differs.

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A statement with a list, `{}`, made of the JSON array in parameter 1: rows of `list.value`,
/// as text. As the list is one parameter, any number of values gives the same statement.
macro_rules! listed {
    ($dialect:expr, $before:literal, $after:literal) => {
        match $dialect {
            $crate::sql::dialect::Dialect::Sqlite => {
                concat!($before, " json_each($1) AS list ", $after)
            }
            $crate::sql::dialect::Dialect::Postgres => concat!(
                $before,
                " json_array_elements_text($1::json) AS list (value) ",
                $after
            ),
        }
    };
}
pub(super) use listed;

/// Like [`listed`], for an array of arrays, whose elements are `list.value ->> 0` and so on.
macro_rules! listed_rows {
    ($dialect:expr, $before:literal, $after:literal) => {
        match $dialect {
            $crate::sql::dialect::Dialect::Sqlite => {
                concat!($before, " json_each($1) AS list ", $after)
            }
            $crate::sql::dialect::Dialect::Postgres => concat!(
                $before,
                " json_array_elements($1::json) AS list (value) ",
                $after
            ),
        }
    };
}
pub(super) use listed_rows;

/// A query that locks the rows that it finds until the transaction ends: against changes, but not
/// against new foreign keys to them. SQLite's transactions lock the whole database anyway.
macro_rules! locking {
    ($dialect:expr, $statement:expr) => {
        match $dialect {
            $crate::sql::dialect::Dialect::Sqlite => $statement,
            $crate::sql::dialect::Dialect::Postgres => concat!($statement, " FOR NO KEY UPDATE"),
        }
    };
}
pub(super) use locking;
