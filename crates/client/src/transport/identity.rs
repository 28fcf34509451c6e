//! The certificates by which the client proves its identity (TLS client authentication, RFC 8446,
//! section 4.4.2).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use lazaret_files::read_regular;
use lazaret_net::provider;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::origin::Origin;
use crate::Error;
use crate::options::ClientCertificate;

/// Largest certificate or key file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// A certificate with its key, which is shown to servers that ask for one.
pub(super) type Identity = Arc<dyn ResolvesClientCert>;

/// The client's certificates.
pub(super) struct Identities {
    common: Option<Identity>,
    /// Those for one server, by `host:port` in lower case.
    of_hosts: HashMap<String, Identity>,
}

impl Identities {
    /// Reads the files of all certificates.
    pub(super) fn load(certificates: &[ClientCertificate]) -> Result<Self, Error> {
        let mut found = Self {
            common: None,
            of_hosts: HashMap::new(),
        };
        for entry in certificates {
            let identity = read(entry)?;
            let former = match &entry.host {
                None => found.common.replace(identity),
                Some(host) => found.of_hosts.insert(full_name(host)?, identity),
            };
            if former.is_some() {
                let host = entry.host.as_deref().unwrap_or("all hosts");
                return Err(bad(format!("two client certificates for {host}")));
            }
        }
        Ok(found)
    }

    /// The certificate for all servers that have none of their own.
    pub(super) fn common(&self) -> Option<Identity> {
        self.common.clone()
    }

    /// The certificate for the server of `origin` alone.
    pub(super) fn of(&self, origin: &Origin) -> Option<Identity> {
        let full = format!("{}:{}", origin.host(), origin.port());
        self.of_hosts.get(&full).cloned()
    }
}

/// `host:port` of the TLS server that an entry names.
fn full_name(host: &str) -> Result<String, Error> {
    let uri = format!("https://{host}/").parse().ok();
    uri.and_then(|uri| Origin::of(&uri))
        .filter(|origin| !host.contains('/') && !origin.host().is_empty())
        .map(|origin| format!("{}:{}", origin.host(), origin.port()))
        .ok_or_else(|| bad(format!("'{host}' is no host for a client certificate")))
}

fn read(entry: &ClientCertificate) -> Result<Identity, Error> {
    let of_file = |path: &Path, what: &str, reason: &dyn std::fmt::Display| {
        bad(format!("client {what} file {}: {reason}", path.display()))
    };
    let certificate =
        |reason: &dyn std::fmt::Display| of_file(&entry.certificate, "certificate", reason);
    let key = |reason: &dyn std::fmt::Display| of_file(&entry.key, "key", reason);
    let pem = read_regular(&entry.certificate, LARGEST)
        .map_err(|error| certificate(&format!("it cannot be read: {error}")))?;
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| certificate(&format!("it is not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(certificate(&"no certificate in it"));
    }
    let pem = read_regular(&entry.key, LARGEST)
        .map_err(|error| key(&format!("it cannot be read: {error}")))?;
    // The parser's own messages may quote the file.
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        PemError::NoItemsFound => key(&"no private key in it that is not encrypted"),
        _ => key(&"it is not PEM"),
    })?;
    let pair =
        CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                let path = entry.certificate.display();
                key(&format!("it is not the key of the certificate in {path}"))
            }
            error => key(&format!("it cannot be used with its certificate: {error}")),
        })?;
    Ok(Arc::new(SingleCertAndKey::from(pair)))
}

fn bad(reason: String) -> Error {
    Error::Options { reason }
}
