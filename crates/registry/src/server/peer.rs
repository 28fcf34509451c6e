//! The other end of a connection.

use std::net::SocketAddr;

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address, or its proxy's.
    pub(crate) address: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) is_tls: bool,
    /// Its certificate, DER, verified against the trusted authorities.
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
