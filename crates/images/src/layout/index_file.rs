//! Edits an `index.json`.

use std::path::Path;

use lazaret_oci::{Descriptor, media_type};
use serde_json::{Value, json};

use super::names::REF_NAME;
use crate::error::{Error, unusable};

/// An `index.json` that is being edited. Members that this version does not know are kept.
pub(super) struct IndexFile(Value);

impl IndexFile {
    /// An index without roots.
    pub(super) fn new() -> Self {
        Self(json!({
            "schemaVersion": 2,
            "mediaType": media_type::INDEX,
            "manifests": [],
        }))
    }

    /// Parses an index. `place` is its path, for messages.
    pub(super) fn parse(bytes: &[u8], place: &Path) -> Result<Self, Error> {
        let broken =
            |reason| unusable(place, format!("index.json is not an image index: {reason}"));
        let mut index: Value =
            serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
        match index.get_mut("manifests") {
            Some(Value::Array(_)) => {}
            Some(manifests @ Value::Null) => *manifests = json!([]),
            _ => return Err(broken("it has no list of manifests".to_owned())),
        }
        Ok(Self(index))
    }

    /// Adds a root. A named root replaces the one that had its name, and its own entry without a
    /// name; a root without a name is added only once.
    pub(super) fn add(&mut self, mut root: Descriptor, name: Option<&str>) {
        if let Some(name) = name {
            root.annotations
                .insert(REF_NAME.to_owned(), name.to_owned());
        }
        let digest = root.digest.to_string();
        let is_superseded = |entry: &Value| {
            let have = entry["annotations"][REF_NAME].as_str();
            match name {
                Some(_) => have == name || (have.is_none() && entry["digest"] == digest.as_str()),
                None => entry["digest"] == digest.as_str(),
            }
        };
        let Some(roots) = self.0["manifests"].as_array_mut() else {
            return;
        };
        if name.is_none() && roots.iter().any(is_superseded) {
            return;
        }
        roots.retain(|entry| !is_superseded(entry));
        roots.push(json!(root));
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests;
