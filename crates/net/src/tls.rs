//! The TLS configuration of all clients: rustls with ring and its default versions.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::roots::Roots;

/// The cryptography provider of this program.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The configuration of a client that trusts `roots` and has no certificate of its own.
#[must_use]
pub fn client_config(roots: Roots) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions need")
        .with_root_certificates(RootCertStore::from(roots))
        .with_no_client_auth()
}
