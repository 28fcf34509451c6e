//! The sections on what repositories accept and keep.

use std::num::NonZeroU32;
use std::path::PathBuf;

use lazaret_values::{Pattern, Period, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the repositories of some patterns take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryRule {
    /// Which repositories: `acme/**`, `*/public/*`.
    pub repositories: Vec<Pattern>,
    /// Artifact types (or configuration media types) that may be pushed; all, when none is named.
    /// A `*` stands for any text.
    #[serde(default)]
    pub allowed_artifact_types: Vec<Pattern>,
    /// Whether bundles must name their parts by digest.
    #[serde(default)]
    pub pinned_bundles: bool,
    /// Tags that clients neither move nor delete once they are set, as patterns: `v*`.
    #[serde(default)]
    pub immutable_tags: Vec<Pattern>,
    /// Signature that a manifest needs before a tag may point to it.
    #[serde(default)]
    pub required_signature: Option<RequiredSignature>,
    /// Whether the manifests that an index names must be here.
    #[serde(default)]
    pub require_index_manifests: bool,
    /// Whether images may come without all of their layers, as sparse copies do.
    #[serde(default)]
    pub may_lack_layers: bool,
    /// Bytes of all blobs, manifests and unfinished uploads of one repository.
    #[serde(default)]
    pub quota: Option<Size>,
}

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredSignature {
    /// Public keys, PEM. A signature by one of them is enough.
    #[schemars(extend("items" = { "type": "string", "format": "path" }))]
    pub keys: Vec<PathBuf>,
}

/// What the repositories of some patterns keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Which repositories: `acme/**`.
    pub repositories: Vec<Pattern>,
    /// A tag is kept if any of these says so; all tags are kept when nothing is said.
    #[serde(default)]
    pub keep: Option<Keep>,
    /// Manifests without a tag go this long after their push; they stay when nothing is said.
    #[serde(default)]
    pub delete_untagged_after: Option<Period>,
}

/// Reasons to keep a tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// It is one of this many that were set last.
    pub last: Option<NonZeroU32>,
    /// It was set within this time.
    pub newer_than: Option<Period>,
    /// It fits one of these patterns: `v*`.
    pub tags: Vec<Pattern>,
}

/// How unused content goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Collecting {
    /// How often it is looked for; `0s` for never.
    pub interval: Period,
    /// How long a blob stays that no manifest names: the time a push may take.
    pub grace: Period,
    /// How long a deleted blob's content stays for those who are reading it.
    pub garbage_grace: Period,
}

impl Default for Collecting {
    fn default() -> Self {
        Self {
            interval: Period::hours(1),
            grace: Period::hours(24),
            garbage_grace: Period::seconds(600),
        }
    }
}
