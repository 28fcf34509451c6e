//! The rules of repositories as values.

use lazaret_oci::{Repository, Tag};
use lazaret_values::Pattern;

use super::signature::VerifyingKey;

/// The rules of a registry, in order of precedence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Vec<Rule>);

/// The rule for some repositories, which restricts the content that may be pushed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    /// The repositories that it applies to.
    pub(crate) repositories: Vec<Pattern>,
    /// Artifact types that may be pushed; all when empty. The type of a manifest is its
    /// `artifactType`, or the media type of its configuration. An index without `artifactType` has
    /// its own media type as its type.
    pub(crate) artifact_types: Vec<Pattern>,
    /// Whether bundles must pin every component to a digest.
    pub(crate) pinned_bundles: bool,
    /// Tags that can be set only once.
    pub(crate) immutable_tags: Vec<Pattern>,
    /// Whether the manifests that an index names must be in the repository.
    pub(crate) needs_manifests: bool,
    /// Whether images may be pushed without some of their layers, as sparse copies are. The
    /// configuration is always required.
    pub(crate) may_lack_layers: bool,
    /// Public keys, one of which must have signed a manifest before a tag is set to it. When empty,
    /// no signature is required.
    pub(crate) signers: Vec<VerifyingKey>,
    /// Largest sum of blobs, manifests and unfinished uploads that each of the repositories may
    /// have, in bytes.
    pub(crate) quota: Option<u64>,
}

impl Rules {
    /// Makes rules; the first ones take precedence.
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// The rule for a repository.
    pub(crate) fn of(&self, repository: &Repository) -> Option<&Rule> {
        self.0.iter().find(|rule| {
            rule.repositories
                .iter()
                .any(|pattern| pattern.matches(repository.as_str()))
        })
    }

    /// The quota of a repository, in bytes.
    pub(crate) fn quota(&self, repository: &Repository) -> Option<u64> {
        self.of(repository).and_then(|rule| rule.quota)
    }
}

impl Rule {
    /// Whether any of the tags can be set only once.
    pub(crate) fn is_immutable(&self, tags: &[Tag]) -> bool {
        tags.iter().any(|tag| {
            self.immutable_tags
                .iter()
                .any(|pattern| pattern.matches(tag.as_str()))
        })
    }
}
