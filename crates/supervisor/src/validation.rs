//! Reads and checks artifact files, and makes the configuration blobs of them.

use std::path::{Path, PathBuf};

use lazaret_artifacts::{Config, Family, Fault, MAX_CONFIG_BYTES, catalogue, validate};
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::bounded::read_bounded;

/// The outcome of checking one file.
#[derive(Debug, Clone, Serialize)]
pub struct Validation {
    /// The path of the file.
    pub file: PathBuf,
    /// The family it was checked as.
    pub family: Family,
    /// All faults; empty when it is valid.
    pub faults: Vec<Fault>,
}

/// Checks an artifact file as `family`, or as the family that its `kind` names.
///
/// # Errors
/// When the file cannot be read, is neither YAML nor JSON, or its family is unknown.
pub fn validate_file(path: &Path, family: Option<Family>) -> Result<Validation, Error> {
    let document = read_document(path)?;
    let family = match family {
        Some(family) => family,
        None => family_of(&document).ok_or_else(|| Error::UnknownKind {
            path: path.to_owned(),
            kind: document["kind"].as_str().unwrap_or_default().to_owned(),
        })?,
    };
    Ok(Validation {
        file: path.to_owned(),
        family,
        faults: validate(family, &document),
    })
}

/// The ten families with their schemas, in the form of `GET /ext/v1/types`.
#[must_use]
pub fn own_types() -> Value {
    serde_json::json!({ "types": catalogue() })
}

/// Reads an artifact file, which must be valid.
pub(crate) fn read_config(path: &Path, family: Family) -> Result<Config, Error> {
    let document = read_document(path)?;
    Config::parse(family, document).map_err(|error| match error {
        lazaret_artifacts::Error::Invalid { faults, .. } => Error::InvalidArtifact {
            subject: path.display().to_string(),
            family,
            faults,
        },
        error => error.into(),
    })
}

pub(crate) fn family_of(document: &Value) -> Option<Family> {
    Family::from_kind(document.get("kind")?.as_str()?)
}

fn read_document(path: &Path) -> Result<Value, Error> {
    let source = |reason: String| Error::Source {
        path: path.to_owned(),
        reason,
    };
    let bytes = read_bounded(path, MAX_CONFIG_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| source("it is not UTF-8 text".to_owned()))?;
    lazaret_artifacts::parse_source(&text).map_err(|error| source(error.to_string()))
}
