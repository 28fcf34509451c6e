//! Platforms of an index (image-spec 1.1, image-index.md).

use std::fmt;
use std::str::FromStr;

use lazaret_values::Printable;
use serde::{Deserialize, Serialize};

use crate::Error;

/// A platform, `os/architecture[/variant]`, in the names that Go uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// The operating system: `linux`, ...
    pub os: String,
    /// The architecture: `amd64`, `arm64`, ...
    pub architecture: String,
    /// The variant of the architecture: `v7`, `v8`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// Linux on the architecture of this build.
    #[must_use]
    pub fn native() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        }
    }

    /// Whether content for `self` satisfies a request for `wanted`: operating system and
    /// architecture are the same, and so is the variant when both have one.
    #[must_use]
    pub fn satisfies(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && match (&self.variant, &wanted.variant) {
                (Some(have), Some(want)) => have == want,
                _ => true,
            }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || Error::Platform {
            text: Printable::excerpt(text),
        };
        let parts: Vec<&str> = text.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(fail());
        }
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(fail()),
        };
        let (architecture, implied) = in_names_of_go(architecture);
        Ok(Self {
            os: os.to_ascii_lowercase(),
            architecture,
            variant: variant.or(implied).map(str::to_owned),
        })
    }
}

/// An architecture as Go names it, and the variant that its other name implies. Kernels, compilers
/// and Debian have names of their own.
fn in_names_of_go(architecture: &str) -> (String, Option<&'static str>) {
    let lower = architecture.to_ascii_lowercase();
    let (name, variant) = match &lower[..] {
        "x86_64" | "x86-64" => ("amd64", None),
        "aarch64" => ("arm64", None),
        "i386" | "i686" | "x86" => ("386", None),
        "armhf" | "armv7l" => ("arm", Some("v7")),
        "armel" | "armv6l" => ("arm", Some("v6")),
        "ppc64el" => ("ppc64le", None),
        _ => return (lower, None),
    };
    (name.to_owned(), variant)
}
