//! The certificate authorities that a client trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::path::Path;

use lazaret_files::read_regular;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use thiserror::Error;

/// Largest file of authorities, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The reason that authorities cannot be read. The caller knows the file's name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootsError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// The text is not PEM.
    #[error("it is not PEM: {0}")]
    NotPem(pem::Error),
    /// A certificate is not one of an authority.
    #[error("it holds what is no certificate of an authority: {0}")]
    NotAuthority(rustls::Error),
    /// The file contains no certificate.
    #[error("no certificate in it")]
    Empty,
}

/// A set of trusted certificate authorities.
#[derive(Debug, Clone)]
pub struct Roots(RootCertStore);

impl Roots {
    /// An empty set.
    #[must_use]
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// The system's authorities. If the system has none, the set is empty, because plain HTTP needs
    /// none. Blocks for tens of milliseconds.
    #[must_use]
    pub fn system() -> Self {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        for problem in &native.errors {
            tracing::debug!(%problem, "system certificate store");
        }
        roots.add_parsable_certificates(native.certs);
        Self(roots)
    }

    /// The system's authorities as PEM, for programs that read such a file. Blocks for some milliseconds.
    #[must_use]
    pub fn system_bundle() -> String {
        const LINE: usize = 64;
        let mut bundle = String::new();
        for certificate in rustls_native_certs::load_native_certs().certs {
            bundle.push_str("-----BEGIN CERTIFICATE-----\n");
            let digits = STANDARD.encode(&certificate);
            for line in digits.as_bytes().chunks(LINE) {
                bundle.extend(line.iter().map(|byte| char::from(*byte)));
                bundle.push('\n');
            }
            bundle.push_str("-----END CERTIFICATE-----\n");
        }
        bundle
    }

    /// Adds these authorities.
    pub fn extend(&mut self, more: &Self) {
        self.0.extend(more.0.roots.iter().cloned());
    }

    /// Adds the authorities of a PEM text, which may contain none.
    ///
    /// # Errors
    /// [`RootsError::NotPem`] and [`RootsError::NotAuthority`].
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), RootsError> {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(RootsError::NotPem)?;
            self.0.add(certificate).map_err(RootsError::NotAuthority)?;
        }
        Ok(())
    }

    /// Adds the authorities of a PEM file, which must contain at least one. Blocks.
    ///
    /// # Errors
    /// As [`Roots::add_pem`], [`RootsError::Unreadable`] and [`RootsError::Empty`].
    pub fn add_file(&mut self, path: &Path) -> Result<(), RootsError> {
        let pem = read_regular(path, MAX_BYTES).map_err(RootsError::Unreadable)?;
        let before = self.0.len();
        self.add_pem(&pem)?;
        if self.0.len() == before {
            return Err(RootsError::Empty);
        }
        Ok(())
    }
}

impl From<Roots> for RootCertStore {
    fn from(roots: Roots) -> Self {
        roots.0
    }
}

#[cfg(test)]
mod tests;
