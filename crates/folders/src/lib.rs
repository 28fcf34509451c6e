//! Folders of the host for machines: a server of FUSE requests that never leaves them.
//!
//! ```text
//! workload -> guest's kernel -> /dev/fuse -> PID 1 -> port -> QEMU -> socket -> this crate -> folder
//! ```
//! The guest is not trusted: it sends what it likes. A request is parsed completely ([`Request`]) before
//! anything is done, names are single components, and every path is resolved by the kernel beneath the
//! folder, through no link (`openat2`). What the server remembers is bounded: names, open files, sizes.
//!
//! * `abi`, `fields`, `name`, `request`, `reply`: the language of the guest's kernel
//! * `attributes`: what an object is, and who owns it
//! * `nodes`, `handles`: what the guest knows and has open
//! * `beneath`: objects of the folder, by paths
//! * `state`: one folder; `entries`, `content`, `metadata`, `listing` and `extended` are what is done with
//!   it, `answer` decides which
//! * `look`: what can be served; `serve`: the stream of requests
//! * `confine`: what the server's process gives up first

mod abi;
mod answer;
mod attributes;
mod beneath;
mod confine;
mod content;
mod entries;
mod error;
mod extended;
mod fields;
mod handles;
mod listing;
mod look;
mod metadata;
mod name;
mod nodes;
mod reply;
mod request;
mod serve;
mod state;

pub use error::Error;
pub use look::{Found, look};
pub use request::{Header, Operation, Request};
pub use serve::{Shared, serve, serve_here};
