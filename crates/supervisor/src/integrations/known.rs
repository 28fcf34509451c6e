//! The documents of services that runs of this user have resolved: `<data>/integrations/<id>.json`.

use std::path::{Path, PathBuf};

use lazaret_artifacts::{Config, Family};
use lazaret_files::{Durability, children, read_regular};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::service::{Origin, Service};
use crate::Error;
use crate::integration_error::IntegrationError;

const VERSION: u32 = 1;
/// Most documents that are kept of one id, the newest first.
const MOST: usize = 16;
/// Largest file, in bytes.
const LARGEST: u64 = 64 << 20;

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Content {
    version: u32,
    documents: Vec<Known>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Known {
    /// Without its digest: a new version takes the place of the old one.
    reference: String,
    document: Value,
}

/// The folder of the documents.
#[derive(Debug, Clone)]
pub(crate) struct KnownServices {
    folder: PathBuf,
}

impl KnownServices {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.join("integrations"),
        }
    }

    /// Keeps the document of a service.
    pub(crate) fn keep(&self, id: &str, reference: &str, config: &Config) -> Result<(), Error> {
        let Some(path) = self.path(id) else {
            return Ok(());
        };
        let mut content = read(&path).unwrap_or_default();
        let known = Known {
            reference: reference.to_owned(),
            document: config.value().clone(),
        };
        if content.documents.first() == Some(&known) {
            return Ok(());
        }
        content.version = VERSION;
        content
            .documents
            .retain(|have| have.reference != known.reference);
        content.documents.insert(0, known);
        content.documents.truncate(MOST);
        Durability::Ephemeral.create_dirs(&self.folder)?;
        let text = serde_json::to_vec(&content).map_err(std::io::Error::from);
        let text = text.map_err(Error::io("write", &path))?;
        Ok(lazaret_files::replace(&path, &text, 0o600)?)
    }

    /// The services of an id, the newest first.
    pub(crate) fn find(&self, id: &str) -> Result<Vec<Service>, Error> {
        let Some(path) = self.path(id) else {
            return Ok(Vec::new());
        };
        let content = read(&path)?;
        let service = |known: Known| {
            let config = Config::parse(Family::Integration, known.document).ok()?;
            Some(Service::of(id, &config, Origin::Artifact(known.reference)))
        };
        Ok(content.documents.into_iter().filter_map(service).collect())
    }

    /// The ids of all.
    pub(crate) fn ids(&self) -> Result<Vec<String>, Error> {
        let names = children(&self.folder)?;
        let id = |path: &PathBuf| {
            let name = path.file_name()?.to_str()?;
            Some(name.strip_suffix(".json")?.to_owned())
        };
        let mut ids: Vec<String> = names.iter().filter_map(id).collect();
        ids.sort();
        Ok(ids)
    }

    /// The file of an id; `None` for what no id can be.
    fn path(&self, id: &str) -> Option<PathBuf> {
        lazaret_secrets::SecretName::new(id, "any").ok()?;
        Some(self.folder.join(format!("{id}.json")))
    }
}

fn read(path: &Path) -> Result<Content, Error> {
    let failed = |reason: String| IntegrationError::Record {
        path: path.to_owned(),
        reason,
    };
    let text = match read_regular(path, LARGEST) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Content::default());
        }
        text => text.map_err(|error| failed(error.to_string()))?,
    };
    let content: Content =
        serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
    match content.version {
        VERSION => Ok(content),
        version => Err(failed(format!(
            "it has version {version}, this program reads {VERSION}"
        ))
        .into()),
    }
}
