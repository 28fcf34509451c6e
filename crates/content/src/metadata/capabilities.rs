//! Ports for keys and events, which all replicas of a registry share.

use std::time::SystemTime;

use crate::{BoxFuture, Error};

/// Keys that programs authenticate with.
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
    /// Its public part.
    pub id: String,
    /// The user it acts as.
    pub user: String,
    /// SHA-256 of its secret part, which has 256 random bits.
    pub secret_digest: [u8; 32],
    /// Its purpose, in the owner's words.
    pub description: String,
    /// Time of its making.
    pub created: SystemTime,
    /// Time after which it is refused; none for ever.
    pub expires: Option<SystemTime>,
}

/// Events that are to be delivered at least once.
pub trait Outbox: Send + Sync {
    /// Keeps an event until it is delivered.
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

    /// Forgets a delivered event.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delivered<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Error>>;

    /// Number of events that wait.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn waiting(&self) -> BoxFuture<'_, Result<u64, Error>>;
}

/// An event on its way to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique, for receivers that see it twice.
    pub id: String,
    /// Name of the target it goes to.
    pub target: String,
    /// The body, JSON.
    pub body: String,
    /// Deliveries tried before.
    pub attempts: u32,
    /// Time of the event.
    pub created: SystemTime,
}
