//! `lazaret daemon`: machines for programs, over HTTP on a UNIX socket.

mod conform;
mod forward;
mod http;
mod kills;
mod life;
mod outside;
mod process;
mod requests;
mod sockets;
mod streams;

pub(crate) use http::{Answer, request};
pub(crate) use process::Daemon;
