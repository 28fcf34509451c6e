//! The authority of a run: it signs the certificates with which the boundary answers for servers.
//!
//! Its key never leaves the process; the guest gets the certificate and trusts it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, SystemTimeError, UNIX_EPOCH};

use lazaret_net::provider;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::crypto::ring::Ticketer;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{NoServerSessionStorage, ProducesTickets};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, crypto};
use thiserror::Error;

use crate::message::AuthorityPem;

/// The most certificates that are kept; those of further names replace the oldest.
const MOST_LEAVES: usize = 256;

/// Before this time certificates are valid already, for guests whose clock is behind.
const BACK: Duration = Duration::from_secs(24 * 3600);

/// How long the certificate of a server is valid.
const LEAF: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the authority is valid; a machine may run for long.
const ROOT: Duration = Duration::from_secs(5 * 365 * 24 * 3600);

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// A certificate cannot be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take the certificate.
    #[error("a certificate cannot be used")]
    Tls(#[from] rustls::Error),
    /// The clock is before 1970.
    #[error("the clock cannot be used")]
    Clock(#[from] SystemTimeError),
}

/// An authority, with the certificates that it has signed.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    /// The key of every certificate that is signed.
    key: KeyPair,
    tickets: Arc<dyn ProducesTickets>,
    leaves: RefCell<Leaves>,
}

/// Certificates by name, the oldest first.
#[derive(Default)]
struct Leaves {
    by_name: HashMap<String, Leaf>,
    order: VecDeque<String>,
}

/// A certificate for a name.
#[derive(Clone)]
struct Leaf {
    resolver: Arc<SingleCertAndKey>,
    renewed: SystemTime,
}

/// The protocols that are offered to a client, the preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// HTTP/1.1.
    One,
    /// HTTP/2 and HTTP/1.1.
    Both,
}

impl Offer {
    /// As TLS names them (RFC 7301).
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::One => vec![b"http/1.1".to_vec()],
            Self::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}

impl Authority {
    /// Makes an authority with a new key.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn new() -> Result<Self, AuthorityError> {
        Self::with_key(KeyPair::generate()?)
    }

    /// Makes an authority for the process that is to sign, and for those that follow it.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn generate() -> Result<AuthorityPem, AuthorityError> {
        let key = KeyPair::generate()?;
        let pem = key.serialize_pem();
        Ok(AuthorityPem {
            certificate: Self::with_key(key)?.certificate_pem(),
            key: pem,
        })
    }

    /// The authority with this key. Whoever trusts its certificate trusts what this one signs: it has the
    /// same name.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn from_pem(pem: &AuthorityPem) -> Result<Self, AuthorityError> {
        Self::with_key(KeyPair::from_pem(&pem.key)?)
    }

    fn with_key(key: KeyPair) -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(SystemTime::now() - BACK)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(SystemTime::now() + ROOT)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.remove(DnType::CommonName);
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Lazaret");
        params
            .distinguished_name
            .push(DnType::CommonName, "Lazaret, for this machine only");
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            key: KeyPair::generate()?,
            tickets: Ticketer::new()?,
            leaves: RefCell::default(),
        })
    }

    /// The certificate that a guest has to trust (PEM).
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// TLS for a name or an address.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub(crate) fn server(
        &self,
        name: &str,
        offer: Offer,
    ) -> Result<Arc<ServerConfig>, AuthorityError> {
        let leaf = self.leaf(name)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&leaf.resolver) as _);
        config.alpn_protocols = offer.protocols();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Arc::clone(&self.tickets);
        Ok(Arc::new(config))
    }

    fn leaf(&self, name: &str) -> Result<Leaf, AuthorityError> {
        let now = SystemTime::now();
        let mut leaves = self.leaves.borrow_mut();
        if let Some(leaf) = leaves.by_name.get(name)
            && now < leaf.renewed
        {
            return Ok(leaf.clone());
        }
        let leaf = Leaf {
            resolver: Arc::new(self.sign(name, now)?),
            renewed: now + LEAF / 2,
        };
        if leaves
            .by_name
            .insert(name.to_owned(), leaf.clone())
            .is_none()
        {
            leaves.order.push_back(name.to_owned());
        }
        if leaves.order.len() > MOST_LEAVES
            && let Some(oldest) = leaves.order.pop_front()
        {
            leaves.by_name.remove(&oldest);
        }
        Ok(leaf)
    }

    fn sign(&self, name: &str, now: SystemTime) -> Result<SingleCertAndKey, AuthorityError> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(now - BACK)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(now + LEAF)?;
        params.distinguished_name.remove(DnType::CommonName);
        // A common name has at most 64 characters, and nobody looks at it.
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Lazaret");
        params.subject_alt_names = vec![match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.to_owned().try_into()?),
        }];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&self.key, &self.issuer)?;
        let chain = vec![CertificateDer::clone(certificate.der())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let key = crypto::ring::sign::any_supported_type(&key)?;
        Ok(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Authority(..)")
    }
}

/// A time as certificates count it.
fn since_1970(time: SystemTime) -> Result<Duration, SystemTimeError> {
    time.duration_since(UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
