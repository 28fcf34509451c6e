//! The actions that access rules and token scopes name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that somebody wants to do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read manifests, blobs, tags and referrers.
    Pull,
    /// Write manifests, blobs and tags.
    Push,
    /// Delete manifests, blobs and tags.
    Delete,
    /// Read the catalog; it shows the repositories that may be pulled.
    List,
    /// Read metrics and change the registry itself.
    Administer,
}

impl Action {
    /// The name in rules and scopes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Administer => "administer",
        }
    }
}
