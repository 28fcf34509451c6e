//! The schema authority: which configurations of artifacts are valid.
//!
//! The port is [`Schemas`]; behind it are the ten families of `lazaret-artifacts` and those that
//! an operator adds. It refuses or lets pass: what a repository takes beyond that is in `rules`.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_artifacts::{Family, Fault, Schema, TypeInfo, catalogue, validate_blob};
use lazaret_oci::Manifest;
use serde_json::Value;
use thiserror::Error;

/// One reason to refuse an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaFault {
    /// The family whose rules are broken.
    pub(crate) family: String,
    /// JSON pointer into the configuration.
    pub(crate) pointer: String,
    /// The schema keyword or rule.
    pub(crate) keyword: String,
    /// The fault, in one line.
    pub(crate) message: String,
}

/// Decides which artifacts a registry takes.
pub(crate) trait Schemas: Send + Sync {
    /// Largest configuration worth reading when the manifest claims a family; `None` when
    /// there is nothing to check.
    fn applies(&self, manifest: &Manifest) -> Option<u64>;

    /// Every fault of an artifact; empty when it is fine.
    fn check(&self, manifest: &Manifest, config: &[u8]) -> Vec<SchemaFault>;

    /// The families, as `GET /ext/v1/types` answers.
    fn types(&self) -> Value;
}

/// A family that an operator adds and that cannot be used.
#[derive(Debug, Error)]
#[error("failed to read the schema '{}': {reason}", path.display())]
pub struct SchemaError {
    /// Its file.
    pub path: PathBuf,
    /// The fault, as a sentence.
    pub reason: String,
}

/// The ten built-in families, and those that the operator adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct FamilySchemas {
    added: Vec<Added>,
}

#[derive(Debug, Clone)]
struct Added {
    info: TypeInfo,
    schema: Arc<Schema>,
}

/// Most bytes of an operator's schema.
const SCHEMA_BYTES: u64 = 1024 * 1024;

impl FamilySchemas {
    /// The ten, and one family for each `<family>.json` in a folder
    /// (see [`TypeInfo::of_schema`]).
    ///
    /// # Errors
    /// Fails with the first file that cannot be used.
    pub(crate) fn with_folder(folder: &Path) -> Result<Self, SchemaError> {
        let fail = |path: &Path, reason: String| SchemaError {
            path: path.to_owned(),
            reason,
        };
        let entries = std::fs::read_dir(folder).map_err(|e| fail(folder, e.to_string()))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| fail(folder, e.to_string()))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut added: Vec<Added> = Vec::new();
        for path in paths {
            let entry = read(&path).map_err(|reason| fail(&path, reason))?;
            let twin = added
                .iter()
                .find(|other| other.info.artifact_type == entry.info.artifact_type);
            if let Some(twin) = twin {
                let reason = format!("the family '{}' has the same type", twin.info.family);
                return Err(fail(&path, reason));
            }
            added.push(entry);
        }
        Ok(Self { added })
    }

    /// The added family of a manifest: by `artifactType`, else by its configuration.
    fn added(&self, manifest: &Manifest) -> Option<&Added> {
        self.added.iter().find(|added| {
            manifest.artifact_type.as_ref().map_or_else(
                || manifest.config.media_type == added.info.config_media_type,
                |artifact_type| *artifact_type == added.info.artifact_type,
            )
        })
    }
}

fn read(path: &Path) -> Result<Added, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > SCHEMA_BYTES {
        return Err(format!("it has more than {SCHEMA_BYTES} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let document = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
    let family = path
        .file_stem()
        .and_then(|name| name.to_str())
        .ok_or("its name is not UTF-8")?;
    let (info, schema) = TypeInfo::of_schema(family, document).map_err(|e| e.to_string())?;
    Ok(Added {
        info,
        schema: Arc::new(schema),
    })
}

impl Schemas for FamilySchemas {
    fn applies(&self, manifest: &Manifest) -> Option<u64> {
        let applies = Family::of_manifest(manifest).is_some() || self.added(manifest).is_some();
        applies.then_some(lazaret_artifacts::MAX_CONFIG_BYTES as u64)
    }

    fn check(&self, manifest: &Manifest, config: &[u8]) -> Vec<SchemaFault> {
        let (family, expected) = match (Family::of_manifest(manifest), self.added(manifest)) {
            (Some(family), _) => (family.name(), family.config_media_type()),
            (None, Some(added)) => (
                added.info.family.as_str(),
                added.info.config_media_type.as_str(),
            ),
            (None, None) => return Vec::new(),
        };
        if manifest.config.media_type != expected {
            return vec![SchemaFault {
                family: family.to_owned(),
                pointer: String::new(),
                keyword: "mediaType".to_owned(),
                message: format!(
                    "the configuration's media type is '{}', not '{expected}'",
                    manifest.config.media_type
                ),
            }];
        }
        let faults = match (Family::of_manifest(manifest), self.added(manifest)) {
            (Some(family), _) => validate_blob(family, config).err().unwrap_or_default(),
            (None, Some(added)) => added.schema.blob_faults(config),
            (None, None) => Vec::new(),
        };
        let fault = |fault: Fault| SchemaFault {
            family: family.to_owned(),
            pointer: fault.pointer,
            keyword: fault.keyword,
            message: fault.message,
        };
        faults.into_iter().map(fault).collect()
    }

    fn types(&self) -> Value {
        let added = self.added.iter().map(|added| added.info.clone());
        let types: Vec<TypeInfo> = catalogue().into_iter().chain(added).collect();
        serde_json::json!({ "types": types })
    }
}
