//! TLS with the system's authorities and those of the options, loaded when first needed.

use std::path::PathBuf;
use std::sync::Arc;

use lazaret_files::blocking;
use lazaret_net::{Roots, client_config};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::ConnectError;
use crate::Error;

/// Makes TLS sessions. Reading the system's store takes tens of milliseconds, so clients of plain
/// HTTP never read it.
pub(super) struct Tls {
    extra: Roots,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Reads the additional authorities, which are few.
    pub(super) fn new(extra_ca: &[PathBuf]) -> Result<Self, Error> {
        let mut extra = Roots::none();
        for path in extra_ca {
            extra.add_file(path).map_err(|error| Error::Options {
                reason: format!("certificate authority file {}: {error}", path.display()),
            })?;
        }
        Ok(Self {
            extra,
            config: OnceCell::new(),
        })
    }

    /// Performs the handshake with the server `host` over `stream`.
    pub(super) async fn handshake<S>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.config.get_or_try_init(|| load(self.extra.clone()));
        let config = Arc::clone(config.await?);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| ConnectError::Tls(format!("'{host}' cannot be a TLS server name")))?;
        TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| explain(&error))
    }
}

async fn load(extra: Roots) -> Result<Arc<ClientConfig>, ConnectError> {
    blocking(move || {
        let mut roots = Roots::system();
        roots.extend(&extra);
        Ok(Arc::new(client_config(roots)))
    })
    .await
}

fn explain(error: &std::io::Error) -> ConnectError {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        // The first bytes were not a TLS record: nearly always "HTTP/1.1 400 Bad Request".
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            ConnectError::PlainPeer
        }
        Some(tls @ rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            ConnectError::UnknownAuthority(tls.to_string())
        }
        Some(tls) => ConnectError::Tls(tls.to_string()),
        None => ConnectError::Network(format!("TLS handshake: {error}")),
    }
}
