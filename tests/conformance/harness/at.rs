//! The address of a registry that was started outside of the tests.

use std::net::{SocketAddr, ToSocketAddrs as _};

/// The `host:port` of a plain HTTP registry to check, instead of one that the tests start.
const ADDRESS: &str = "LAZARET_CONFORMANCE_AT";

/// The address of the registry to check; `None` when the tests start their own.
#[allow(clippy::disallowed_methods, reason = "this is a test's own setting")]
pub(crate) fn address() -> Option<SocketAddr> {
    let text = std::env::var(ADDRESS).ok()?;
    Some(text.to_socket_addrs().unwrap().next().unwrap())
}
