//! Ports for keys and events, which all replicas of a registry share.

use std::time::SystemTime;

use crate::{BoxFuture, Error};

/// Storage of keys with which programs authenticate.
pub trait ApiKeys: Send + Sync {
    /// Stores a key; its id must be new.
    ///
    /// # Errors
    /// [`Error::Database`]; also when the id is taken.
    fn put_key<'a>(&'a self, key: &'a ApiKey) -> BoxFuture<'a, Result<(), Error>>;

    /// A key by id, also an expired one.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ApiKey>, Error>>;

    /// All keys, in order of id.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, Error>>;

    /// Removes a key; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delete_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>>;
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public part.
    pub id: String,
    /// The user as whom it acts.
    pub user: String,
    /// SHA-256 of the secret part, which has 256 random bits.
    pub secret_digest: [u8; 32],
    /// Purpose of the key, in the owner's words.
    pub description: String,
    /// Time at which it was made.
    pub created: SystemTime,
    /// Time after which it is refused; `None` for a key that does not expire.
    pub expires: Option<SystemTime>,
}

/// Storage of events that are to be delivered at least once.
pub trait Outbox: Send + Sync {
    /// Stores an event until it is delivered.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn enqueue<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Error>>;

    /// Takes up to `limit` due events of a target, oldest first, and hides them from other
    /// replicas until `retry`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn take_events<'a>(
        &'a self,
        target: &'a str,
        now: SystemTime,
        retry: SystemTime,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Event>, Error>>;

    /// Removes a delivered event.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delivered<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Error>>;

    /// Number of events that are not delivered yet.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn waiting(&self) -> BoxFuture<'_, Result<u64, Error>>;
}

/// An event for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique id, for receivers that get it twice.
    pub id: String,
    /// Name of its target.
    pub target: String,
    /// The body, as JSON.
    pub body: String,
    /// Number of failed deliveries.
    pub attempts: u32,
    /// Time of the event.
    pub created: SystemTime,
}
