//! A registry that somebody else has started.

use std::net::{SocketAddr, ToSocketAddrs as _};

/// `host:port` of a plain HTTP registry to check instead of one made here.
const ADDRESS: &str = "LAZARET_CONFORMANCE_AT";

/// Where the registry to check is, when it is not to be made here.
#[allow(clippy::disallowed_methods, reason = "this is a test's own setting")]
pub(crate) fn address() -> Option<SocketAddr> {
    let text = std::env::var(ADDRESS).ok()?;
    Some(text.to_socket_addrs().unwrap().next().unwrap())
}
