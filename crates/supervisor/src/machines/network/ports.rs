//! Sockets of the host that lead into a machine.

use std::net::{SocketAddr, TcpListener};

use crate::machines::network_launch::PublishedPort;
use crate::{Error, NetworkError};

/// Listens on all of these ports; returns the sockets, and the ports that they have.
///
/// # Errors
/// [`NetworkError::Publish`] for the first one that is taken or not allowed.
pub(super) fn listen(
    ports: &[PublishedPort],
) -> Result<(Vec<TcpListener>, Vec<PublishedPort>), Error> {
    let mut listeners = Vec::new();
    let mut bound = Vec::new();
    for port in ports {
        let address = SocketAddr::new(port.address, port.host);
        let failed = |source| NetworkError::Publish { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.port();
        bound.push(PublishedPort { host, ..*port });
        listeners.push(listener);
    }
    Ok((listeners, bound))
}
