//! One suite a port, run on every adapter: [`blobs`] and [`links`] on stores of objects, the
//! others on databases.

mod audit;
pub(crate) mod blobs;
mod collection;
pub(crate) mod databases;
mod keys;
mod links;
mod listings;
mod metadata;
mod outbox;
mod races;
pub(crate) mod stores;
mod uploads;
