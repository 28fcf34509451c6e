//! TLS: the system's authorities plus those of the options, loaded when first needed.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::ConnectError;
use crate::Error;

/// Makes TLS sessions. The system's store takes tens of milliseconds to read, so plain HTTP
/// clients never touch it.
pub(super) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Reads the further authorities, which are few.
    pub(super) fn new(extra_ca: &[PathBuf]) -> Result<Self, Error> {
        let mut extra = Vec::new();
        for path in extra_ca {
            let fail = |reason: String| Error::Options {
                reason: format!("certificate authority file {}: {reason}", path.display()),
            };
            let before = extra.len();
            for certificate in
                CertificateDer::pem_file_iter(path).map_err(|error| fail(error.to_string()))?
            {
                extra.push(certificate.map_err(|error| fail(error.to_string()))?);
            }
            if extra.len() == before {
                return Err(fail("no certificate in it".to_owned()));
            }
        }
        Ok(Self {
            extra,
            config: OnceCell::new(),
        })
    }

    /// Shakes hands over `stream` with the server `host`.
    pub(super) async fn handshake<S>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self
            .config
            .get_or_try_init(|| async {
                let extra = self.extra.clone();
                tokio::task::spawn_blocking(move || build(extra))
                    .await
                    .map_err(|error| ConnectError::Tls(error.to_string()))?
            })
            .await?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| ConnectError::Tls(format!("'{host}' cannot be a TLS server name")))?;
        TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await
            .map_err(|error| explain(&error))
    }
}

fn build(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, ConnectError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for problem in &native.errors {
        tracing::debug!(%problem, "system certificate store");
    }
    roots.add_parsable_certificates(native.certs);
    for certificate in extra {
        roots
            .add(certificate)
            .map_err(|error| ConnectError::Tls(format!("extra certificate authority: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn explain(error: &std::io::Error) -> ConnectError {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        // The first bytes were no TLS record: nearly always "HTTP/1.1 400 Bad Request".
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            ConnectError::PlainPeer
        }
        Some(tls) => ConnectError::Tls(tls.to_string()),
        None => ConnectError::Network(format!("TLS handshake: {error}")),
    }
}
