//! References from one artifact to another: `{ref, digest?}`.

use lazaret_oci::{Digest, Reference, Registry};
use serde_json::Value;

use crate::Error;
use crate::fault::child;

/// A reference inside an artifact, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentRef {
    /// JSON pointer to the reference.
    pub pointer: String,
    /// `ref`, which may lack a host.
    pub text: String,
    /// `digest`.
    pub digest: Option<Digest>,
}

impl ComponentRef {
    pub(crate) fn read(value: &Value, pointer: &str) -> Option<Self> {
        let component = value.pointer(pointer)?;
        Some(Self {
            pointer: pointer.to_owned(),
            text: component["ref"].as_str()?.to_owned(),
            digest: component["digest"].as_str().and_then(|d| d.parse().ok()),
        })
    }

    pub(crate) fn read_list(value: &Value, pointer: &str) -> Vec<Self> {
        let length = value
            .pointer(pointer)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..length)
            .filter_map(|index| Self::read(value, &child(pointer, &index.to_string())))
            .collect()
    }

    /// The full reference: if it lacks a host, it is in `registry`; `digest` pins it.
    ///
    /// # Errors
    /// [`Error::ComponentReference`] or [`Error::PinConflict`].
    pub fn resolve_in(&self, registry: &Registry) -> Result<Reference, Error> {
        let reference = Reference::parse_in(&self.text, registry).map_err(|source| {
            Error::ComponentReference {
                pointer: self.pointer.clone(),
                source,
            }
        })?;
        match (&reference.digest, &self.digest) {
            (Some(written), Some(pin)) if written != pin => Err(Error::PinConflict {
                pointer: self.pointer.clone(),
                written: written.clone(),
                pin: pin.clone(),
            }),
            (None, Some(pin)) => Ok(reference.pinned(pin.clone())),
            _ => Ok(reference),
        }
    }
}
