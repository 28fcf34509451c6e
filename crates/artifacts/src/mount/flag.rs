//! Parses the flag `--mount REF[:/path]`.

use lazaret_oci::{Reference, Registry};
use lazaret_values::Printable;

use crate::{Error, GuestPath};

/// An artifact to mount, as given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountFlag {
    /// Reference of the artifact.
    pub reference: Reference,
    /// The path, when it is not the artifact's own.
    pub path: Option<GuestPath>,
}

impl MountFlag {
    /// Parses `REF[:/path]`. A reference has colons of its own (port, tag, digest), but
    /// never one before a slash, so the path begins at the last `:/`. A reference without a
    /// host is in the registry `default`, if there is one.
    ///
    /// # Errors
    /// [`Error::MountFlag`] or [`Error::MountPath`].
    pub fn parse(text: &str, default: Option<&Registry>) -> Result<Self, Error> {
        let fail = |reason: String| Error::MountFlag {
            text: Printable::excerpt(text),
            reason,
        };
        if text.contains("://") {
            return Err(fail("leave out the scheme".to_owned()));
        }
        let (reference, path) = match text.rfind(":/") {
            Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
            None => (text, None),
        };
        if path.is_some_and(|path| path.contains(':')) {
            return Err(fail("the path has a ':'".to_owned()));
        }
        let reference = match default {
            Some(registry) => Reference::parse_in(reference, registry),
            None => reference.parse(),
        };
        Ok(Self {
            reference: reference.map_err(|error| fail(error.to_string()))?,
            path: path.map(str::parse).transpose()?,
        })
    }
}
