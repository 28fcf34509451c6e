//! Checks a manifest against the rule of its repository.

use http::StatusCode;
use lazaret_artifacts::{BundleSpec, Config, Family};
use lazaret_oci::wire::{ErrorCode, ErrorEntry};
use lazaret_oci::{ManifestContent, ManifestDocument, Repository, Tag};

use super::rule::Rule;
use super::signature;
use crate::message::Refusal;
use crate::stores::Stores;

/// Refuses a manifest that the rule does not allow. `config` is the configuration of an artifact of
/// a known family.
pub(crate) async fn check(
    stores: &Stores,
    rule: &Rule,
    repository: &Repository,
    document: &ManifestDocument,
    config: Option<&[u8]>,
    tags: &[Tag],
) -> Result<(), Refusal> {
    let artifact_type = artifact_type(document);
    let allowed = rule.artifact_types.is_empty()
        || rule
            .artifact_types
            .iter()
            .any(|pattern| pattern.matches(artifact_type));
    if !allowed {
        return Err(Refusal::new(
            ErrorCode::Denied,
            format!("the repository takes no artifacts of type '{artifact_type}'"),
        ));
    }
    if rule.pinned_bundles
        && artifact_type == Family::Bundle.artifact_type()
        && let Some(config) = config
    {
        pinned(config)?;
    }
    if needs_signature(rule, tags)
        && !signature::is_signed(stores, repository, document, &rule.signers).await?
    {
        return Err(Refusal::new(
            ErrorCode::Denied,
            format!(
                "a tag of the repository may only point to what a trusted key signed; push \
                 {} by digest, sign it, then tag it",
                document.digest()
            ),
        ));
    }
    Ok(())
}

/// Whether only what a trusted key signed may be under these tags.
pub(crate) fn needs_signature(rule: &Rule, tags: &[Tag]) -> bool {
    !rule.signers.is_empty() && !tags.iter().all(signature::is_signature_tag)
}

fn artifact_type(document: &ManifestDocument) -> &str {
    match document.content() {
        ManifestContent::Manifest(manifest) => manifest.effective_artifact_type(),
        ManifestContent::Index(index) => index
            .artifact_type
            .as_deref()
            .unwrap_or_else(|| document.media_type()),
    }
}

/// Checks that every component of a bundle has a digest; there is one entry for each that has none.
fn pinned(config: &[u8]) -> Result<(), Refusal> {
    // Its schema was checked before.
    let Ok(config) = Config::parse_blob(Family::Bundle, config) else {
        return Ok(());
    };
    let loose: Vec<ErrorEntry> = BundleSpec::of(&config)
        .components
        .iter()
        .filter(|(_, _, component)| component.digest.is_none() && !component.text.contains('@'))
        .map(|(_, _, component)| ErrorEntry {
            code: ErrorCode::ManifestInvalid.as_str().to_owned(),
            message: format!(
                "the repository takes pinned bundles only, and '{}' has no digest",
                component.text
            ),
            detail: serde_json::json!({
                "family": Family::Bundle.name(),
                "pointer": component.pointer,
                "keyword": "digest",
            }),
        })
        .collect();
    if loose.is_empty() {
        return Ok(());
    }
    Err(Refusal::many(StatusCode::BAD_REQUEST, loose))
}
