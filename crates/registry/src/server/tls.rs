//! Certificates: loading them, and loading them again when the files change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokio::sync::watch;

/// The files of TLS, and what is asked of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Certificate chain, PEM, the server's own first.
    pub(crate) certificate: PathBuf,
    /// Private key of the certificate, PEM.
    pub(crate) key: PathBuf,
    /// Authorities of client certificates, PEM. Without it, clients are asked for none.
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub(crate) needs_client_certificate: bool,
    /// Whether only TLS 1.3 is spoken.
    pub(crate) only_tls13: bool,
}

/// Certificates that cannot be used, and why.
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
        /// The system's reason.
        source: io::Error,
    },
    /// A file is not the PEM that it should be.
    #[error("'{}' holds no {wanted} in PEM", path.display())]
    NotPem {
        /// The key of the setting, below `tls`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The thing that was looked for.
        wanted: &'static str,
    },
    /// The key does not belong to the certificate.
    #[error("the key '{}' does not belong to the certificate", path.display())]
    Mismatch {
        /// The file of the key.
        path: PathBuf,
    },
    /// TLS refuses what the files hold.
    #[error("failed to use the {wanted}")]
    Unusable {
        /// The key of the setting, below `tls`.
        setting: &'static str,
        /// The thing that was to be used.
        wanted: &'static str,
        /// The reason why not.
        source: rustls::Error,
    },
    /// The authorities of clients cannot be used.
    #[error("failed to trust the authorities in '{}'", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The reason why not.
        source: rustls::server::VerifierBuilderError,
    },
}

impl TlsError {
    /// The key of the setting to blame, below `tls`.
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

/// Reads and checks everything that TLS needs.
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
    std::fs::read(path).map_err(|source| TlsError::Read {
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

/// The certificates of new connections. Clones share them; those that are open keep theirs.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    current: watch::Sender<Arc<ServerConfig>>,
}

impl Certificates {
    /// Loads them for the first time.
    pub(crate) fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            current: watch::Sender::new(Arc::new(load(files)?)),
        })
    }

    /// Those of this moment.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.borrow())
    }

    /// Loads them again. The old ones stay when the new ones cannot be used.
    pub(crate) fn reload(&self, files: &TlsFiles) -> Result<(), TlsError> {
        self.current.send_replace(Arc::new(load(files)?));
        Ok(())
    }
}
