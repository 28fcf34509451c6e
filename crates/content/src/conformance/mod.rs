//! One suite a port, run on every adapter.

pub(crate) mod blobs;
mod collection;
pub(crate) mod databases;
mod keys;
mod listings;
mod metadata;
mod outbox;
mod races;
mod uploads;
