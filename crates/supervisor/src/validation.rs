//! Reads and checks artifact files, and makes the configuration blobs of them.

use std::path::{Path, PathBuf};

use lazaret_artifacts::{
    Config, Family, Fault, MAX_CONFIG_BYTES, Places, catalogue, parse_documents, parse_source,
    validate,
};
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::bounded::read_bounded;

/// Extensions of artifact files in a folder.
const DOCUMENTS: [&str; 3] = ["yaml", "yml", "json"];
/// Most names that a folder may have, at all depths.
const MAX_NAMES: usize = 100_000;

/// The outcome of checking one document.
#[derive(Debug, Clone, Serialize)]
pub struct Validation {
    /// The path of the file; `-` is standard input.
    pub file: PathBuf,
    /// The family it was checked as; `None` when it could not be checked.
    pub family: Option<Family>,
    /// All faults; empty when it is valid.
    pub faults: Vec<Found>,
}

/// A fault and its place in the file.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column in characters, counted from 1.
    pub column: Option<u64>,
}

/// Checks all documents of an artifact file, each as `family`, or as the family that its `kind`
/// names.
///
/// # Errors
/// When the file cannot be read, is neither YAML nor JSON, or a family is unknown.
pub fn validate_file(path: &Path, family: Option<Family>) -> Result<Vec<Validation>, Error> {
    validate_text(path, &read_text(path)?, family)
}

/// Checks all documents of a text, as [`validate_file`] does; `path` is its name in the outcome.
///
/// # Errors
/// Those of [`validate_file`].
pub fn validate_text(
    path: &Path,
    text: &str,
    family: Option<Family>,
) -> Result<Vec<Validation>, Error> {
    let documents = parse_documents(text).map_err(|error| not_a_document(path, &error))?;
    let mut places = None;
    let documents = documents.iter().enumerate();
    documents
        .map(|(index, document)| {
            let family = match family {
                Some(family) => family,
                None => family_of(document).ok_or_else(|| Error::UnknownKind {
                    path: path.to_owned(),
                    kind: document["kind"].as_str().unwrap_or_default().to_owned(),
                })?,
            };
            let faults = validate(family, document).into_iter().map(|fault| {
                let places = places.get_or_insert_with(|| Places::find(text));
                let place = places.of(index, &fault.pointer);
                Found {
                    fault,
                    line: place.map(|place| place.line),
                    column: place.map(|place| place.column),
                }
            });
            Ok(Validation {
                file: path.to_owned(),
                family: Some(family),
                faults: faults.collect(),
            })
        })
        .collect()
}

/// The files below a folder that may be artifacts, in the order of their names: `*.yaml`, `*.yml`
/// and `*.json`. Hidden ones are passed over, and links are not followed.
///
/// # Errors
/// [`Error::Io`], and [`Error::Source`] when there are more than 100,000 names.
pub fn artifact_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut files, mut pending, mut seen) = (Vec::new(), vec![folder.to_owned()], 0);
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
        for entry in entries {
            let entry = entry.map_err(Error::io("read", &folder))?;
            let kind = entry.file_type().map_err(Error::io("inspect", &folder))?;
            seen += 1;
            if seen > MAX_NAMES {
                return Err(Error::Source {
                    path: folder,
                    reason: format!("there are more than {MAX_NAMES} names"),
                });
            }
            let path = entry.path();
            let is_document = path
                .extension()
                .is_some_and(|extension| DOCUMENTS.iter().any(|known| extension == *known));
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            } else if kind.is_dir() {
                pending.push(path);
            } else if kind.is_file() && is_document {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
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
    parse_source(&read_text(path)?).map_err(|error| not_a_document(path, &error))
}

fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = read_bounded(path, MAX_CONFIG_BYTES)?;
    String::from_utf8(bytes).map_err(|_| Error::Source {
        path: path.to_owned(),
        reason: "it is not UTF-8 text".to_owned(),
    })
}

fn not_a_document(path: &Path, error: &lazaret_artifacts::Error) -> Error {
    Error::Source {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
