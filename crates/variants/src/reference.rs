//! References of artifacts: `registry/repository:version`.

use std::fmt;

use lazaret_oci::{Reference, Tag};
use lazaret_values::Printable;
use serde::{Deserialize, Serialize};

use crate::part::{check_part, check_parts};
use crate::{Error, Selector};

/// The name of an artifact. Every part is fit to be a name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ArtifactReference {
    registry: String,
    repository: String,
    version: String,
}

#[derive(Deserialize)]
struct Unchecked {
    registry: String,
    repository: String,
    version: String,
}

impl TryFrom<Unchecked> for ArtifactReference {
    type Error = Error;

    fn try_from(unchecked: Unchecked) -> Result<Self, Error> {
        Self::new(
            &unchecked.registry,
            &unchecked.repository,
            &unchecked.version,
        )
    }
}

impl ArtifactReference {
    /// A reference of these parts.
    ///
    /// # Errors
    /// [`Error::Part`] when one is not fit to be a part of a path.
    pub fn new(registry: &str, repository: &str, version: &str) -> Result<Self, Error> {
        check_part("registry", registry)?;
        check_parts("repository", repository)?;
        check_part("version", version)?;
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The tag of a variant in a registry, `<version>-<architecture>-<substrate>-<mode>`.
    #[must_use]
    pub fn variant_tag(&self, selector: Selector) -> String {
        format!(
            "{}-{}-{}-{}",
            self.version, selector.architecture, selector.substrate, selector.protection_mode
        )
    }

    /// The variant in a registry, as text.
    #[must_use]
    pub fn remote(&self, selector: Selector) -> String {
        let tag = self.variant_tag(selector);
        format!("{}/{}:{tag}", self.registry, self.repository)
    }

    /// The reference of a variant in a registry.
    ///
    /// # Errors
    /// [`Error::Oci`] when a registry takes no such name or tag.
    pub fn oci(&self, selector: Selector) -> Result<Reference, Error> {
        self.tagged(&self.variant_tag(selector))
    }

    /// The reference of the index of all variants in a registry: the bare version.
    ///
    /// # Errors
    /// As [`ArtifactReference::oci`].
    pub fn oci_index(&self) -> Result<Reference, Error> {
        self.tagged(&self.version)
    }

    fn tagged(&self, tag: &str) -> Result<Reference, Error> {
        let refused = |source| Error::Oci {
            text: Printable::excerpt(&self.to_string()),
            source,
        };
        Ok(Reference {
            registry: self.registry.parse().map_err(refused)?,
            repository: self.repository.parse().map_err(refused)?,
            tag: Some(tag.parse::<Tag>().map_err(refused)?),
            digest: None,
        })
    }
}

impl fmt::Display for ArtifactReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.registry, self.repository, self.version)
    }
}
