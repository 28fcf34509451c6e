//! TLS with the system's authorities and those of the options, loaded when first needed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lazaret_files::{blocking, children};
use lazaret_net::{Roots, client_config};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::ConnectError;
use super::identity::{Identities, Identity};
use super::origin::Origin;
use crate::Error;
use crate::options::Options;

/// Most registries with authorities of their own that are remembered.
const MOST_HOSTS: usize = 1000;

/// Makes TLS sessions. Reading the system's store takes tens of milliseconds, so clients of plain
/// HTTP never read it.
pub(super) struct Tls {
    extra: Roots,
    certs_d: Vec<PathBuf>,
    identities: Identities,
    config: OnceCell<Arc<ClientConfig>>,
    /// The configurations of registries that have authorities, or a client certificate, of their
    /// own.
    of_hosts: Mutex<HashMap<String, Option<Arc<ClientConfig>>>>,
}

impl Tls {
    /// Reads the additional authorities and the client's certificates, which are few.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let mut extra = Roots::none();
        for path in &options.extra_ca {
            extra.add_file(path).map_err(|error| Error::Options {
                reason: format!("certificate authority file {}: {error}", path.display()),
            })?;
        }
        Ok(Self {
            extra,
            certs_d: options.certs_d.clone(),
            identities: Identities::load(&options.client_certificates)?,
            config: OnceCell::new(),
            of_hosts: Mutex::default(),
        })
    }

    /// Performs the handshake with the server of `origin` over `stream`.
    pub(super) async fn handshake<S>(
        &self,
        origin: &Origin,
        stream: S,
    ) -> Result<TlsStream<S>, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = match self.of_host(origin).await? {
            Some(config) => config,
            None => {
                let common = self.identities.common();
                let config = self
                    .config
                    .get_or_try_init(|| load(self.extra.clone(), common));
                Arc::clone(config.await?)
            }
        };
        let host = origin.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| ConnectError::Tls(format!("'{host}' cannot be a TLS server name")))?;
        TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| explain(&error))
    }

    /// The configuration of this server alone: its authorities beside those of all, and the
    /// certificate for it.
    async fn of_host(&self, origin: &Origin) -> Result<Option<Arc<ClientConfig>>, ConnectError> {
        let identity = self.identities.of(origin);
        if self.certs_d.is_empty() && identity.is_none() {
            return Ok(None);
        }
        let full = format!("{}:{}", origin.host(), origin.port());
        if let Some(known) = self.hosts().get(&full) {
            return Ok(known.clone());
        }
        let mut names = vec![full.clone()];
        if origin.is_default_port() {
            names.push(origin.host().to_owned());
        }
        let folders = names
            .iter()
            .flat_map(|name| self.certs_d.iter().map(move |folder| folder.join(name)));
        let (folders, extra) = (folders.collect::<Vec<_>>(), self.extra.clone());
        let own = blocking(move || own_authorities(&folders, extra)).await?;
        let config = match (own, identity) {
            (None, None) => None,
            (own, identity) => {
                let roots = own.unwrap_or_else(|| self.extra.clone());
                let identity = identity.or_else(|| self.identities.common());
                Some(load(roots, identity).await?)
            }
        };
        let mut hosts = self.hosts();
        if hosts.len() < MOST_HOSTS {
            hosts.insert(full, config.clone());
        }
        Ok(config)
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Option<Arc<ClientConfig>>>> {
        self.of_hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the authorities in the files `*.crt` of the folders; `None` when there are none.
fn own_authorities(folders: &[PathBuf], mut roots: Roots) -> Result<Option<Roots>, ConnectError> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        ConnectError::Tls(format!(
            "certificate authority file {}: {error}",
            path.display()
        ))
    };
    let mut found = false;
    for folder in folders {
        for path in children(folder).map_err(|error| unusable(folder, &error))? {
            if path.extension().is_some_and(|extension| extension == "crt") {
                roots
                    .add_file(&path)
                    .map_err(|error| unusable(&path, &error))?;
                found = true;
            }
        }
    }
    Ok(found.then_some(roots))
}

async fn load(extra: Roots, identity: Option<Identity>) -> Result<Arc<ClientConfig>, ConnectError> {
    blocking(move || {
        let mut roots = Roots::system();
        roots.extend(&extra);
        let mut config = client_config(roots);
        if let Some(identity) = identity {
            config.client_auth_cert_resolver = identity;
        }
        Ok(Arc::new(config))
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
        // rustls has no name for this fault of webpki.
        Some(tls) if tls.to_string().contains("CaUsedAsEndEntity") => {
            ConnectError::AuthorityAsServer
        }
        Some(tls) => ConnectError::Tls(tls.to_string()),
        None => ConnectError::Network(format!("TLS handshake: {error}")),
    }
}
