//! The file of secrets: read as a whole, changed under its lock, replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, read_regular_text};
use lazaret_values::Secret;
use serde::{Deserialize, Serialize};

use crate::kept::{Keeper, Kind};
use crate::{Error, Place, SecretName};

const VERSION: u32 = 1;
/// Largest file, in bytes.
const LARGEST: u64 = 16 << 20;

/// What is in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    version: u32,
    pub(super) secrets: BTreeMap<SecretName, Entry>,
}

/// One secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) since: u64,
    pub(super) places: Vec<Place>,
    pub(super) sent_as: String,
    pub(super) keeper: Keeper,
    pub(super) serial: String,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "plain"
    )]
    pub(super) text: Option<Secret>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            version: VERSION,
            secrets: BTreeMap::new(),
        }
    }
}

/// The only place where a secret is written as text.
fn plain<S: serde::Serializer>(text: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(Secret::reveal).serialize(serializer)
}

/// Reads the file; one that does not exist is empty.
pub(super) fn load(path: &Path) -> Result<Content, Error> {
    let failed = |reason: String| Error::File {
        path: path.to_owned(),
        reason,
    };
    let text = match read_regular_text(path, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Content::default()),
        text => Secret::new(text.map_err(|error| failed(error.to_string()))?),
    };
    // The words of the parser may quote the file.
    let parsed = serde_json::from_str::<Content>(text.reveal());
    let content = parsed.map_err(|error| {
        failed(format!(
            "it is damaged at line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if content.version != VERSION {
        return Err(failed(format!(
            "it has version {}, this program reads {VERSION}",
            content.version
        )));
    }
    Ok(content)
}

/// Reads, changes and replaces the file under its lock. Blocks.
pub(super) fn change<T>(path: &Path, change: impl FnOnce(&mut Content) -> T) -> Result<T, Error> {
    let _lock = lock(path)?;
    let mut content = load(path)?;
    let changed = change(&mut content);
    let text = serde_json::to_string_pretty(&content).map(|text| Secret::new(text + "\n"));
    let text = text.map_err(|error| fail(path, "write it", &error.into()))?;
    lazaret_files::replace(path, text.reveal().as_bytes(), 0o600)
        .map_err(|error| fail(path, "replace it", &error.source))?;
    Ok(changed)
}

/// Takes the lock of the file, which is another file because that one is replaced.
fn lock(path: &Path) -> Result<File, Error> {
    let file = lock_file(path, "lock")?;
    file.lock().map_err(|error| fail(path, "lock it", &error))?;
    Ok(file)
}

/// Opens `<file>.<kind>`, which is not locked yet, and makes its folder.
pub(super) fn lock_file(path: &Path, kind: &str) -> Result<File, Error> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    Durability::Synced
        .create_dirs(folder)
        .map_err(|error| fail(path, "make its folder", &error.source))?;
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(kind);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(PathBuf::from(name))
        .map_err(|error| fail(path, "open its lock", &error))
}

fn fail(path: &Path, doing: &str, error: &std::io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        reason: format!("failed to {doing}: {error}"),
    }
}
