//! The port of the schema authority, and the ten families behind it.

use lazaret_artifacts::{Family, catalogue, validate_blob};
use lazaret_oci::Manifest;
use serde_json::Value;

/// One reason to refuse an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// The family whose rules are broken.
    pub family: String,
    /// JSON pointer into the configuration.
    pub pointer: String,
    /// The schema keyword or rule.
    pub keyword: String,
    /// What is wrong, in one line.
    pub message: String,
}

/// Decides which artifacts a registry takes.
pub trait Schemas: Send + Sync {
    /// Largest configuration worth reading when the manifest claims a family; `None` when
    /// there is nothing to check.
    fn applies(&self, manifest: &Manifest) -> Option<u64>;

    /// Every fault of an artifact; empty when it is fine.
    fn check(&self, manifest: &Manifest, config: &[u8]) -> Vec<SchemaFault>;

    /// The families, as `GET /ext/v1/types` answers.
    fn catalogue(&self) -> Value;
}

/// The ten built-in families.
#[derive(Debug, Clone, Copy, Default)]
pub struct FamilySchemas;

impl Schemas for FamilySchemas {
    fn applies(&self, manifest: &Manifest) -> Option<u64> {
        Family::of_manifest(manifest).map(|_| lazaret_artifacts::MAX_CONFIG_BYTES as u64)
    }

    fn check(&self, manifest: &Manifest, config: &[u8]) -> Vec<SchemaFault> {
        let Some(family) = Family::of_manifest(manifest) else {
            return Vec::new();
        };
        let expected = family.config_media_type();
        if manifest.config.media_type != expected {
            return vec![SchemaFault {
                family: family.to_string(),
                pointer: String::new(),
                keyword: "mediaType".to_owned(),
                message: format!(
                    "the configuration's media type is '{}', not '{expected}'",
                    manifest.config.media_type
                ),
            }];
        }
        let faults = validate_blob(family, config).err().unwrap_or_default();
        let fault = |fault: lazaret_artifacts::Fault| SchemaFault {
            family: family.to_string(),
            pointer: fault.pointer,
            keyword: fault.keyword,
            message: fault.message,
        };
        faults.into_iter().map(fault).collect()
    }

    fn catalogue(&self) -> Value {
        serde_json::json!({ "types": catalogue() })
    }
}
