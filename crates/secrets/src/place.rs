//! The places that a secret is for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A host, or `*.domain` for everything below a domain, and its ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The host.
    pub host: String,
    /// Its ports; empty means 443.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
}

impl Place {
    /// Whether this host is one of it.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let (own, host) = (plain(&self.host), plain(host));
        match own.strip_prefix("*.") {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            None => own == host,
        }
    }

    /// Whether all of the other place is in this one.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let hosts = plain(&self.host) == plain(&other.host)
            || (!other.host.starts_with("*.") && self.has_host(&other.host))
            || other.host.strip_prefix("*.").is_some_and(|domain| {
                // Everything below a domain that is itself below ours.
                self.host.starts_with("*.") && self.has_host(domain)
            });
        hosts
            && other
                .known_ports()
                .iter()
                .all(|port| self.known_ports().contains(port))
    }

    fn known_ports(&self) -> &[u16] {
        match self.ports.as_slice() {
            [] => &[443],
            ports => ports,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)?;
        let mut separator = ':';
        for port in &self.ports {
            write!(formatter, "{separator}{port}")?;
            separator = ',';
        }
        Ok(())
    }
}

/// Names are compared without case and without the dot at their end.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The places in words.
pub(crate) fn listed(places: &[Place]) -> String {
    let names: Vec<String> = places.iter().map(ToString::to_string).collect();
    match names.is_empty() {
        true => "no host".to_owned(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests;
