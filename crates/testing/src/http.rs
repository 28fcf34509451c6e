//! HTTP/1.1 without a library, for both sides.
//!
//! [`Request`] and [`exchange`] send exactly the bytes of a test, and [`Reply`] is the response.
//! [`Peer`] is a server that sends the [`Answer`]s of a test, and records the requests that it has
//! [`Seen`]. Nothing here is lenient, pools connections or retries.

mod answer;
mod coding;
mod exchange;
mod peer;
mod refusal;
mod reply;
mod request;
mod seen;
mod tls;

pub use answer::Answer;
pub use exchange::{connect, exchange};
pub use peer::{Peer, serve};
pub use reply::Reply;
pub use request::{Request, send};
pub use seen::Seen;

#[cfg(test)]
mod tests;
