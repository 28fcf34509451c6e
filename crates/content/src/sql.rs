//! Stores metadata in SQLite or PostgreSQL: one adapter, one set of statements.
//!
//! The database, not the process, keeps the guarantees, because replicas share it:
//!
//! * a change inside a repository locks the repository's row first, so that such changes are
//!   serial;
//! * locks are taken in the order upload, repositories by name, blobs by digest;
//! * everything that was read before a lock was taken is read again under the lock;
//! * foreign keys back this up: a link that a manifest names and a blob that a
//!   repository links cannot be deleted.
//!
//! SQLite has one writer at a time, which gives the same guarantees with less effort.

mod access;
mod blobs;
mod capabilities;
mod collection;
mod dialect;
mod eviction;
mod fault;
mod links;
mod listings;
mod manifests;
mod metadata;
mod mirrored;
mod postgres;
mod removal;
mod schema;
mod spare;
mod sqlite;
mod store;
mod sync;
mod uploads;
mod usage;
mod values;

#[cfg(test)]
mod tests;

pub use store::SqlMetadata;
