//! Metadata in SQLite or PostgreSQL: one adapter, one set of statements.
//!
//! The database, not the process, keeps the promises, because replicas share it:
//!
//! * a change inside a repository locks the repository's row first, so that these are in order;
//! * locks are taken in the order upload, repositories by name, blobs by digest;
//! * what was looked at before a lock was had is looked at again after;
//! * foreign keys stand behind it all: a link that a manifest names and a blob that a
//!   repository links cannot go.
//!
//! SQLite has one writer at a time, which gives the same with less.

mod access;
mod blobs;
mod capabilities;
mod collection;
mod dialect;
mod fault;
mod links;
mod listings;
mod manifests;
mod metadata;
mod postgres;
mod removal;
mod schema;
mod sqlite;
mod store;
mod sync;
mod uploads;
mod values;

#[cfg(test)]
mod tests;

pub use store::SqlMetadata;
