//! The schema authority: checks the configurations of artifacts against the schemas of their
//! families.
//!
//! The port is [`Schemas`]. It is implemented for the ten families of `lazaret-artifacts` and for
//! those that an operator adds. What a repository accepts beyond that is in `rules`.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_artifacts::{Family, Fault, Schema, TypeInfo, catalogue, validate_blob};
use lazaret_oci::Manifest;
use serde_json::Value;
use thiserror::Error;

/// A fault of an artifact's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaFault {
    /// The family whose schema or rule is broken.
    pub(crate) family: String,
    /// JSON pointer to the place in the configuration.
    pub(crate) pointer: String,
    /// The schema keyword or rule that is broken.
    pub(crate) keyword: String,
    /// The message, in one line.
    pub(crate) message: String,
}

/// Decides which artifacts a registry accepts.
pub(crate) trait Schemas: Send + Sync {
    /// Largest configuration to read, in bytes, when the manifest names a family; `None` when there
    /// is nothing to check.
    fn applies(&self, manifest: &Manifest) -> Option<u64>;

    /// All faults of an artifact; empty when it is valid.
    fn check(&self, manifest: &Manifest, config: &[u8]) -> Vec<SchemaFault>;

    /// The families, in the form of `GET /ext/v1/types`.
    fn types(&self) -> Value;
}

/// The schema of an additional artifact family cannot be used.
#[derive(Debug, Error)]
#[error("failed to read the schema '{}': {reason}", path.display())]
pub struct SchemaError {
    /// The path of its file.
    pub path: PathBuf,
    /// The fault, as a sentence.
    pub reason: String,
}

/// The schemas of the ten built-in families, and of those that the operator adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct FamilySchemas {
    added: Vec<Added>,
}

#[derive(Debug, Clone)]
struct Added {
    info: TypeInfo,
    schema: Arc<Schema>,
}

/// Largest schema of an operator, in bytes.
const SCHEMA_BYTES: u64 = 1024 * 1024;

impl FamilySchemas {
    /// The ten families, and one more for each `<family>.json` in a folder (see
    /// [`TypeInfo::of_schema`]).
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

    /// The additional family of a manifest: by its `artifactType`, else by its configuration's
    /// type.
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
    let bytes = lazaret_files::read_regular(path, SCHEMA_BYTES).map_err(|e| e.to_string())?;
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
