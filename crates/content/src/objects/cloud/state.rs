//! The state of a staged object, which the metadata stores between requests.

use serde::{Deserialize, Serialize};

use crate::{Error, Staged, UploadId};

/// Version of the text form.
const VERSION: u8 = 1;

/// The parts and tails that hold the bytes of a staged object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Absent while the object is smaller than one part.
    pub(super) multipart: Option<Multipart>,
    /// Tails, whose bytes follow the parts.
    pub(super) tails: Vec<Tail>,
    /// Names of tails whose bytes are meanwhile in a part or another tail.
    pub(super) stale: Vec<String>,
}

/// A multipart upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Multipart {
    /// The store's id of the upload; empty where the store needs none.
    pub(super) id: String,
    /// Name of the note that records the upload.
    pub(super) note: Option<String>,
    /// The store's ids of the parts, in order.
    pub(super) parts: Vec<String>,
    /// Size of all parts in bytes.
    pub(super) size: u64,
}

/// An object that holds bytes at the end of a staged object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tail {
    pub(super) name: String,
    /// Size in bytes.
    pub(super) size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    multipart: Option<Multipart>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    tails: Vec<Tail>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    stale: Vec<String>,
}

impl State {
    /// Parses the state that the metadata stores.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when bytes are staged without a state, and
    /// [`Error::Object`] for text that no replica of this version wrote.
    pub(super) fn of(id: &UploadId, staged: &Staged) -> Result<Self, Error> {
        let Some(text) = &staged.state else {
            return match staged.size {
                0 => Ok(Self::default()),
                _ => Err(Error::UploadUnknown { id: id.clone() }),
            };
        };
        let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Object {
            action: "read the state of",
            id: id.clone(),
            source,
        };
        let wire: Wire = serde_json::from_str(text).map_err(|error| unreadable(error.into()))?;
        if wire.version != VERSION {
            return Err(unreadable(
                format!("version {} is not {VERSION}", wire.version).into(),
            ));
        }
        let state = Self {
            multipart: wire.multipart,
            tails: wire.tails,
            stale: wire.stale,
        };
        if state.size() != Some(staged.size) {
            return Err(unreadable("it does not have the staged size".into()));
        }
        Ok(state)
    }

    /// The form that the metadata stores.
    pub(super) fn to_staged(&self) -> Result<Staged, serde_json::Error> {
        if *self == Self::default() {
            return Ok(Staged::default());
        }
        let wire = Wire {
            version: VERSION,
            multipart: self.multipart.clone(),
            tails: self.tails.clone(),
            stale: self.stale.clone(),
        };
        Ok(Staged {
            size: self.size().unwrap_or(u64::MAX),
            state: Some(serde_json::to_string(&wire)?),
        })
    }

    /// Total size of the tails in bytes; `None` if it overflows.
    pub(super) fn in_tails(&self) -> Option<u64> {
        let mut sizes = self.tails.iter().map(|tail| tail.size);
        sizes.try_fold(0_u64, u64::checked_add)
    }

    fn size(&self) -> Option<u64> {
        let parts = self
            .multipart
            .as_ref()
            .map_or(0, |multipart| multipart.size);
        self.in_tails()?.checked_add(parts)
    }

    /// Names of all tails and notes that are not needed once the object is sealed.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = &str> {
        let tails = self.tails.iter().map(|tail| tail.name.as_str());
        let note = self.multipart.iter().filter_map(|m| m.note.as_deref());
        tails
            .chain(self.stale.iter().map(String::as_str))
            .chain(note)
    }
}
