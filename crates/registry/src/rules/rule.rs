//! Rules as values.

use lazaret_oci::{Repository, Tag};
use lazaret_values::Pattern;

use super::signature::VerifyingKey;

/// The rules of a registry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Vec<Rule>);

/// The rule for repositories of some names: the content that they take.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    /// The repositories it is for.
    pub(crate) repositories: Vec<Pattern>,
    /// Artifact types that may be pushed; everything when empty. The type of a manifest is its
    /// `artifactType`, or the media type of its configuration; of an index without
    /// `artifactType` it is the index's own media type.
    pub(crate) artifact_types: Vec<Pattern>,
    /// Whether bundles have to pin every component to a digest.
    pub(crate) pinned_bundles: bool,
    /// Tags that may be set once.
    pub(crate) immutable_tags: Vec<Pattern>,
    /// Whether the manifests that an index names must be in the repository.
    pub(crate) needs_manifests: bool,
    /// Whether images may be pushed without all of their layers, as sparse copies are. The
    /// configuration must be there in any case.
    pub(crate) may_lack_layers: bool,
    /// Keys of which one must have signed a manifest before a tag is set to it; none, for no
    /// such condition.
    pub(crate) signers: Vec<VerifyingKey>,
    /// Bytes that each of the repositories may hold.
    pub(crate) quota: Option<u64>,
}

impl Rules {
    /// Rules in order of precedence.
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

    /// Bytes that a repository may hold.
    pub(crate) fn quota(&self, repository: &Repository) -> Option<u64> {
        self.of(repository).and_then(|rule| rule.quota)
    }
}

impl Rule {
    /// Whether any of the tags may be set only once.
    pub(crate) fn is_immutable(&self, tags: &[Tag]) -> bool {
        tags.iter().any(|tag| {
            self.immutable_tags
                .iter()
                .any(|pattern| pattern.matches(tag.as_str()))
        })
    }
}
