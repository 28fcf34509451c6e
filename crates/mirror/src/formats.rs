//! The forms of images that snapshotters stream.

use std::fmt;
use std::str::FromStr;

/// A streamable form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// overlaybd, with all content of its own.
    Overlaybd,
    /// overlaybd's metadata over the original layers (`turboOCI`).
    Turbo,
    /// Artifact streaming of Azure Container Registry: overlaybd, by another artifact type.
    Acr,
    /// nydus (RAFS version 6).
    Nydus,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Overlaybd, Self::Turbo, Self::Acr, Self::Nydus];

    /// The artifact types of referrers that are, or lead to, an image of this form.
    #[must_use]
    pub fn artifact_types(self) -> &'static [&'static str] {
        match self {
            Self::Overlaybd => &["application/vnd.containerd.overlaybd.native.v1+json"],
            Self::Turbo => &["application/vnd.containerd.overlaybd.turbo.v1+json"],
            Self::Acr => &[
                "application/vnd.azure.artifact.streaming.v1",
                "application/vnd.azure.artifact.streaming.link.v1",
                "dadi.image.v1",
            ],
            Self::Nydus => &["application/vnd.nydus.image.manifest.v1+json"],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlaybd => "overlaybd",
            Self::Turbo => "turbo",
            Self::Acr => "acr",
            Self::Nydus => "nydus",
        })
    }
}

/// The text is no name of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no streamable form: overlaybd, turbo, acr, nydus")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.to_string() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
