//! Loads certificates, and reloads them when the files change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokio::sync::watch;

/// The files of TLS, and the requirements on clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The path of the certificate chain (PEM), the server's own certificate first.
    pub(crate) certificate: PathBuf,
    /// The path of the certificate's private key (PEM).
    pub(crate) key: PathBuf,
    /// The path of the authorities of client certificates (PEM). Without it, clients are asked for
    /// none.
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub(crate) needs_client_certificate: bool,
    /// Whether only TLS 1.3 is accepted.
    pub(crate) only_tls13: bool,
}

/// The reason that certificates cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("failed to read '{}'", path.display())]
    Read {
        /// The key of the setting, below `tls`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file does not contain the expected PEM.
    #[error("'{}' holds no {wanted} in PEM", path.display())]
    NotPem {
        /// The key of the setting, below `tls`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The expected content.
        wanted: &'static str,
    },
    /// The key does not belong to the certificate.
    #[error("the key '{}' does not belong to the certificate", path.display())]
    Mismatch {
        /// The file of the key.
        path: PathBuf,
    },
    /// TLS does not accept the content of the files.
    #[error("failed to use the {wanted}")]
    Unusable {
        /// The key of the setting, below `tls`.
        setting: &'static str,
        /// The content that could not be used.
        wanted: &'static str,
        /// The error of TLS.
        source: rustls::Error,
    },
    /// The authorities of client certificates cannot be used.
    #[error("failed to trust the authorities in '{}'", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The error of TLS.
        source: rustls::server::VerifierBuilderError,
    },
}

impl TlsError {
    /// The key of the setting that caused the error, below `tls`.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Read { setting, .. }
            | Self::NotPem { setting, .. }
            | Self::Unusable { setting, .. } => setting,
            Self::Mismatch { .. } => "key",
            Self::Authority { .. } => "client_ca",
        }
    }
}

/// Loads and checks everything that TLS needs.
///
/// # Errors
/// Any [`TlsError`].
pub(crate) fn load(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions: &[_] = match files.only_tls13 {
        true => &[&rustls::version::TLS13],
        false => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let chain = certificates("certificate", &files.certificate)?;
    let key = read("key", &files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::NotPem {
        setting: "key",
        path: files.key.clone(),
        wanted: "private key",
    })?;
    let unusable = |setting, wanted| {
        move |source| TlsError::Unusable {
            setting,
            wanted,
            source,
        }
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(unusable("minimum_version", "versions of TLS"))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates("client_ca", path)? {
                roots
                    .add(authority)
                    .map_err(unusable("client_ca", "authority of clients"))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match files.needs_client_certificate {
                true => verifier,
                false => verifier.allow_unauthenticated(),
            };
            let verifier = verifier.build().map_err(|source| TlsError::Authority {
                path: path.clone(),
                source,
            })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|source| match source {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                path: files.key.clone(),
            },
            source => unusable("certificate", "certificate")(source),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    crate::named_file::read(path).map_err(|source| TlsError::Read {
        setting,
        path: path.to_owned(),
        source,
    })
}

fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let not_pem = || TlsError::NotPem {
        setting,
        path: path.to_owned(),
        wanted: "certificate",
    };
    let text = read(setting, path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| not_pem())?;
    if chain.is_empty() {
        return Err(not_pem());
    }
    Ok(chain)
}

/// The certificates for new connections. Clones share them; open connections keep theirs.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    current: watch::Sender<Arc<ServerConfig>>,
}

impl Certificates {
    /// Loads the certificates for the first time.
    pub(crate) fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            current: watch::Sender::new(Arc::new(load(files)?)),
        })
    }

    /// The current certificates.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.borrow())
    }

    /// Reloads the certificates. The old ones stay when the new ones cannot be used.
    pub(crate) fn reload(&self, files: &TlsFiles) -> Result<(), TlsError> {
        self.current.send_replace(Arc::new(load(files)?));
        Ok(())
    }
}
