//! The HTTP client of the object stores, over hyper and rustls.

mod body;
mod connector;

pub(super) use connector::{Connector, is_loopback};
