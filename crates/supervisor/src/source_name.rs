//! Parses `SOURCE`, the image or artifact that a command works on, as users write it.
//!
//! ```text
//! push, image import    PATH[:IMAGE], else (push) the name of a cached image
//! rootfs build          oci:PATH[:IMAGE], docker-archive:PATH[:IMAGE], else a name or reference
//! ```
//! IMAGE is a tag, a whole name, a digest, or a place in the list such as `@0`.
//!
//! Every command reads it here, so that the notation can become one.

use std::path::{Path, PathBuf};

use crate::Error;

const LAYOUT: &str = "oci:";
const DOCKER_ARCHIVE: &str = "docker-archive:";

/// A source by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceName {
    /// A layout folder, or a tar with a layout or in the format of `docker save`.
    Images {
        /// The folder or tar.
        path: PathBuf,
        /// The image in it, when there are several.
        tag: Option<String>,
    },
    /// A folder that is not a layout.
    Folder(PathBuf),
    /// A file that is not a tar.
    File(PathBuf),
    /// The name of a cached image, or a reference.
    Name(String),
}

impl SourceName {
    /// Parses `PATH[:TAG]` if the path exists, else a name.
    ///
    /// # Errors
    /// [`Error::Store`] for a file that cannot be read.
    pub(crate) fn path_first(text: &str) -> Result<Self, Error> {
        let (path, tag) = split_tag(text);
        if path.is_dir() && !lazaret_images::is_layout(&path) {
            return Ok(Self::Folder(path));
        }
        if path.is_file() && !lazaret_images::is_tar(&path)? {
            return Ok(Self::File(path));
        }
        if path.exists() {
            return Ok(Self::Images { path, tag });
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Parses `oci:PATH[:TAG]` or `docker-archive:PATH[:TAG]`, else a name. The content at the
    /// path, not the prefix, determines its kind.
    pub(crate) fn prefixed(text: &str) -> Self {
        let path = text.strip_prefix(LAYOUT);
        match path.or_else(|| text.strip_prefix(DOCKER_ARCHIVE)) {
            Some(path) => {
                let (path, tag) = split_tag(path);
                Self::Images { path, tag }
            }
            None => Self::Name(text.to_owned()),
        }
    }
}

/// `PATH:IMAGE` or `PATH@DIGEST` into both: the longest beginning that is there is the path.
fn split_tag(text: &str) -> (PathBuf, Option<String>) {
    let whole = PathBuf::from(text);
    if whole.exists() {
        return (whole, None);
    }
    let splits = text.rmatch_indices([':', '@']);
    let mut images = splits.map(|(at, _)| (&text[..at], &text[at + 1..]));
    match images.find(|(path, image)| !image.is_empty() && Path::new(path).exists()) {
        Some((path, image)) => (PathBuf::from(path), Some(image.to_owned())),
        None => (whole, None),
    }
}

#[cfg(test)]
mod tests;
