//! Makes and parses the keys of objects.

use object_store::path::Path;

use crate::UploadId;
use lazaret_files::random_hex;

const TAIL: &str = "tail.";
const MULTIPART: &str = "multipart.";

/// Makes and parses keys below one prefix.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    prefix: Path,
}

/// The kind of a key below an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tail,
    Multipart,
}

impl Keys {
    pub(super) fn new(prefix: Path) -> Self {
        Self { prefix }
    }

    /// The folder of sealed objects.
    pub(super) fn objects(&self) -> Path {
        self.prefix.clone().join("objects")
    }

    /// The folder of staged objects.
    pub(super) fn uploads(&self) -> Path {
        self.prefix.clone().join("uploads")
    }

    /// The key of a sealed object.
    pub(super) fn object(&self, id: &UploadId) -> Path {
        below(self.objects(), id)
    }

    /// The folder of one staged object.
    pub(super) fn upload(&self, id: &UploadId) -> Path {
        below(self.uploads(), id)
    }

    /// The key of a name in the folder of a staged object.
    pub(super) fn staged(&self, id: &UploadId, name: &str) -> Path {
        self.upload(id).join(name)
    }

    /// A key that sorts after every key of this staged object, and before those of the next one.
    pub(super) fn behind_upload(&self, id: &UploadId) -> Path {
        self.upload(id).join("z")
    }

    /// The object to which a key below [`Keys::objects`] or [`Keys::uploads`] belongs; none for
    /// foreign keys.
    pub(super) fn owner(&self, key: &Path) -> Option<(UploadId, Option<Kind>)> {
        let mut parts = key.prefix_match(&self.prefix)?;
        let (folder, digits, id) = (parts.next()?, parts.next()?, parts.next()?);
        let id = id.as_ref().parse::<UploadId>().ok()?;
        if !id.as_str().starts_with(digits.as_ref()) || digits.as_ref().len() != 2 {
            return None;
        }
        let name = parts.next();
        match (folder.as_ref(), name, parts.next()) {
            ("objects", None, None) => Some((id, None)),
            ("uploads", Some(name), None) => Some((id, Some(kind(name.as_ref())?))),
            _ => None,
        }
    }
}

/// A new, unique name for a tail.
pub(super) fn new_tail() -> String {
    format!("{TAIL}{}", random_hex(8))
}

/// A new, unique name for the note of a multipart upload.
pub(super) fn new_multipart() -> String {
    format!("{MULTIPART}{}", random_hex(8))
}

fn kind(name: &str) -> Option<Kind> {
    if name.starts_with(TAIL) {
        Some(Kind::Tail)
    } else if name.starts_with(MULTIPART) {
        Some(Kind::Multipart)
    } else {
        None
    }
}

fn below(folder: Path, id: &UploadId) -> Path {
    folder.join(&id.as_str()[..2]).join(id.as_str())
}
