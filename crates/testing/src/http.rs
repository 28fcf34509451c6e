//! HTTP/1.1 by hand, in both directions.
//!
//! [`Request`] and [`exchange`] send exactly what a test says, [`Reply`] is what came back;
//! [`Peer`] is a server whose every [`Answer`] is the test's to choose, and which remembers what
//! it has [`Seen`]. Nothing here is lenient, pools connections or tries again.

mod answer;
mod coding;
mod exchange;
mod peer;
mod refusal;
mod reply;
mod request;
mod seen;

pub use answer::Answer;
pub use exchange::{connect, exchange};
pub use peer::{Peer, serve};
pub use reply::Reply;
pub use request::{Request, send};
pub use seen::Seen;

#[cfg(test)]
mod tests;
