//! Machines as HTTP and JSON on a UNIX socket: what the command line does with machines, for programs.
//!
//! ```text
//! socket    listens, alone; or the socket that the service manager has made
//! server    accepts connections of this user and of root, within limits, and ends without breaking them
//! act       method and path -> one act;  request: query and body, each read strictly
//! verbs     one file for each act: asks `lazaret-supervisor`, as the command line does
//! streams   output, input and endings as frames
//! ```
//! The daemon holds no machine: each has a process of its own. So nothing is lost when the daemon ends,
//! and several daemons and command lines see the same machines. The API is described by
//! `docs/reference/api.json`, which is served as well.

mod act;
mod activity;
mod answer;
mod connection;
mod dispatch;
mod document;
mod error;
mod fault;
mod request;
mod server;
mod shared;
mod socket;
mod streams;
#[cfg(test)]
mod tests;
mod verbs;

pub use error::Error;
pub use fault::{Explain, Explained};
pub use server::{Daemon, Options};
pub use socket::Socket;
