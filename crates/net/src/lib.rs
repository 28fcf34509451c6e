//! The common parts of all HTTP clients of Lazaret: trusted authorities, TLS, pooled connections
//! and bounded bodies.
//!
//! ```text
//! Roots (the system's authorities, PEM files) -> client_config -> Pool (hyper, over TCP and TLS)
//!                                                                   \-> TimedBody -> read_bounded
//! ```
//! The crate knows sockets and certificates. It never knows registries, stores or credentials,
//! never follows a redirect and never retries. `lazaret-client` and the object stores of
//! `lazaret-content` retry by themselves; webhooks, traces and identity providers get one try.

mod body;
mod pool;
mod roots;
mod tls;

pub use body::{BodyError, LEAST_BYTES, TimedBody, next_piece, read_bounded};
pub use pool::{Pool, PoolError, PoolOptions, USER_AGENT, pool};
pub use roots::{Roots, RootsError};
pub use tls::{client_config, provider};
