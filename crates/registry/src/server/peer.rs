//! The peer of a connection.

use std::net::SocketAddr;

/// The peer of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The address of the client, or of its proxy.
    pub(crate) address: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) is_tls: bool,
    /// The client's certificate (DER), verified against the trusted authorities.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Peer {
    /// A peer on an unencrypted connection.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            is_tls: false,
            certificate: None,
        }
    }
}
