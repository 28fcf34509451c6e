//! A peer over TLS.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::answer::Answer;
use super::peer::Peer;
use super::seen::Seen;

impl Peer {
    /// Starts a server over TLS with a certificate of its own for `names`; returns it with that
    /// certificate as PEM.
    #[must_use]
    pub fn start_tls(
        names: &[&str],
        answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> (Self, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("names are names");
        let pem = made.cert.pem();
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the usual versions")
            .with_no_client_auth()
            .with_single_cert(chain, key.expect("a key that was just made"));
        let config = Arc::new(config.expect("the key is that of the certificate"));
        let encrypted = move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(StreamOwned::new(connection, stream))
        };
        let peer = Self::start_over(encrypted, |_| (), move |seen, ()| answer(seen));
        (peer, pem)
    }
}
