//! The URL of a server.

use std::fmt;
use std::str::FromStr;

use lazaret_oci::Registry;
use lazaret_values::Printable;

use crate::Error;

/// `http://host[:port][/path]` or `https://...`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    url: String,
    host: Registry,
}

impl Endpoint {
    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host, with its port if the URL has one.
    #[must_use]
    pub fn host(&self) -> &Registry {
        &self.host
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Endpoint {
            text: Printable::excerpt(text),
            reason,
        };
        let url = text.trim().trim_end_matches('/');
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .ok_or_else(|| fail("it begins with neither http:// nor https://"))?;
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fail("it has characters that no URL has"));
        }
        if url.contains(['?', '#', '@', '\\', '"', '<', '>']) {
            return Err(fail("it has more than host, port and path"));
        }
        let host = rest.split('/').next().unwrap_or_default();
        let host = host
            .parse::<Registry>()
            .map_err(|_| fail("it has no host"))?;
        Ok(Self {
            url: url.to_owned(),
            host,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
