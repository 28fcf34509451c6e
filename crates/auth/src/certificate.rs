//! Identifies the holder of a client certificate. TLS has already verified the certificate.

use thiserror::Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::settings::CertificateField;

/// Largest number of values that are read of one field.
const MOST: usize = 64;
/// Longest value, in bytes.
const LONGEST: usize = 256;

/// The fields of a verified certificate that can identify its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    common_names: Vec<String>,
    organizations: Vec<String>,
    units: Vec<String>,
    dns: Vec<String>,
    emails: Vec<String>,
    uris: Vec<String>,
}

/// Bytes that are not a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("failed to read the client certificate")]
pub struct CertificateError;

impl ClientCertificate {
    /// Parses the end-entity certificate (DER) that TLS has verified.
    ///
    /// # Errors
    /// [`CertificateError`] when it is not an X.509 certificate.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError)?;
        let subject = certificate.subject();
        let mut parsed = Self {
            common_names: values(subject, X509Name::iter_common_name),
            organizations: values(subject, X509Name::iter_organization),
            units: values(subject, X509Name::iter_organizational_unit),
            dns: Vec::new(),
            emails: Vec::new(),
            uris: Vec::new(),
        };
        let names = certificate
            .subject_alternative_name()
            .map_err(|_| CertificateError)?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => push(&mut parsed.dns, name),
                GeneralName::RFC822Name(name) => push(&mut parsed.emails, name),
                GeneralName::URI(name) => push(&mut parsed.uris, name),
                _ => {}
            }
        }
        Ok(parsed)
    }

    /// All values of a field.
    pub(super) fn values(&self, field: CertificateField) -> &[String] {
        match field {
            CertificateField::CommonName => &self.common_names,
            CertificateField::Organization => &self.organizations,
            CertificateField::OrganizationalUnit => &self.units,
            CertificateField::Dns => &self.dns,
            CertificateField::Email => &self.emails,
            CertificateField::Uri => &self.uris,
        }
    }

    /// The only value of a field; `None` when there are several, because none can be chosen.
    pub(super) fn only(&self, field: CertificateField) -> Option<&str> {
        match self.values(field) {
            [value] => Some(value),
            _ => None,
        }
    }
}

fn values<'a, I>(subject: &'a X509Name<'a>, iter: impl Fn(&'a X509Name<'a>) -> I) -> Vec<String>
where
    I: Iterator<Item = &'a AttributeTypeAndValue<'a>>,
{
    let mut found = Vec::new();
    for attribute in iter(subject) {
        if let Ok(text) = attribute.as_str() {
            push(&mut found, text);
        }
    }
    found
}

fn push(values: &mut Vec<String>, text: &str) {
    let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    if fits && values.len() < MOST {
        values.push(text.to_owned());
    }
}
