//! One artifact: a kernel or a guest image, with its variants.

use std::fmt;
use std::path::PathBuf;

use crate::{ArtifactReference, Distribution, Error, Recipe, Selector};

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactKind {
    /// A kernel.
    Kernel,
    /// The disk of a guest, perhaps with an initial RAM disk beside it.
    GuestImage,
}

impl ArtifactKind {
    /// `kernel` or `guest-image`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::GuestImage => "guest-image",
        }
    }
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A kernel or guest image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name in the document.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// How Port's users build it; text for people.
    pub build: String,
    /// How Port's users validate it; text for people.
    pub validate: String,
    /// Its name in stores and registries.
    pub reference: ArtifactReference,
    /// Where it goes and where it comes from.
    pub distribution: Distribution,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// What it is built from.
    pub recipe: Recipe,
}

/// One variant of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Which one. `native` is resolved, unless this machine's architecture has no variants.
    pub selector: Selector,
    /// The file, from the working directory. It has a name.
    pub path: PathBuf,
    /// Name of the file, the last part of its path.
    pub filename: String,
}

impl Artifact {
    /// The variant for `selector`, in which `native` is this machine's architecture.
    ///
    /// # Errors
    /// [`Error::NoVariant`], [`Error::NoNative`].
    pub fn variant(&self, selector: Selector) -> Result<&Variant, Error> {
        let selector = selector.resolved()?;
        let is_wanted = |variant: &&Variant| variant.selector == selector;
        self.variants.iter().find(is_wanted).ok_or_else(|| {
            let known: Vec<String> = self
                .variants
                .iter()
                .map(|variant| variant.selector.to_string())
                .collect();
            Error::NoVariant {
                kind: self.kind.as_str(),
                artifact: self.name.clone(),
                selector: selector.to_string(),
                known: known.join(", "),
            }
        })
    }
}
