//! One suite for each port, run on every adapter: [`blobs`] and [`links`] on object stores, the
//! others on databases.

mod audit;
pub(crate) mod blobs;
mod collection;
pub(crate) mod databases;
mod keys;
mod links;
mod listings;
mod metadata;
mod mirrored;
mod mirrored_eviction;
mod outbox;
mod races;
pub(crate) mod stores;
mod uploads;
