//! A configuration that has passed validation: code that holds one need not check it again.

use serde_json::Value;

use crate::{Error, Family, GuestPath, Mount, canonical_blob, validate, validate_blob};

/// The envelope of a valid artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    family: Family,
    value: Value,
}

impl Config {
    /// Validates a parsed configuration.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub fn parse(family: Family, value: Value) -> Result<Self, Error> {
        let faults = validate(family, &value);
        if faults.is_empty() {
            Ok(Self { family, value })
        } else {
            Err(Error::Invalid {
                subject: family.to_string(),
                faults,
            })
        }
    }

    /// Reads and validates a configuration blob.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub fn parse_blob(family: Family, blob: &[u8]) -> Result<Self, Error> {
        validate_blob(family, blob)
            .map(|value| Self { family, value })
            .map_err(|faults| Error::Invalid {
                subject: family.to_string(),
                faults,
            })
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The whole envelope.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// `metadata.name`, a DNS label.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// `spec`; null when a file set has none.
    #[must_use]
    pub fn spec(&self) -> &Value {
        &self.value["spec"]
    }

    /// `mount`, for application families that have one.
    #[must_use]
    pub fn mount(&self) -> Option<Mount> {
        let mount = self.value.get("mount")?;
        Some(Mount {
            path: mount["path"]
                .as_str()
                .and_then(|path| path.parse::<GuestPath>().ok()),
            read_only: mount["readOnly"].as_bool().unwrap_or(true),
        })
    }

    /// The configuration blob, see [`canonical_blob`].
    #[must_use]
    pub fn blob(&self) -> Vec<u8> {
        canonical_blob(&self.value)
    }
}
