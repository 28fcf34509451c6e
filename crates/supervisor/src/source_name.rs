//! Parses `SOURCE`, the image or artifact that a command works on, as users write it. Every command
//! reads it here.
//!
//! ```text
//! oci:PATH[:IMAGE], docker-archive:PATH[:IMAGE]    a path, whatever else has that name
//! ./PATH[:IMAGE], ../PATH[:IMAGE], /PATH[:IMAGE]   likewise
//! TEXT                                             a path if it is there, else a name or reference
//! ```
//! IMAGE is a tag, a whole name, a digest, or a place in the list such as `@0`. Without a prefix,
//! `TEXT` is split only where a layout or tar is: beside a folder `a`, `a:v1` is a name.

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
    /// Parses the text. The content at a path, not its prefix or name, determines its kind.
    ///
    /// # Errors
    /// [`Error::Store`] for a file that cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let path = text.strip_prefix(LAYOUT);
        if let Some(path) = path.or_else(|| text.strip_prefix(DOCKER_ARCHIVE)) {
            let (path, tag) = split_tag(path, |path| path.exists());
            return Ok(Self::Images { path, tag });
        }
        let is_explicit = is_explicit(text);
        let (path, tag) = split_tag(text, |path| {
            (is_explicit && path.exists()) || holds_images(path)
        });
        Ok(if holds_images(&path) {
            Self::Images { path, tag }
        } else if path.is_dir() {
            Self::Folder(path)
        } else if path.is_file() {
            // What cannot be read is reported here.
            lazaret_images::is_tar(&path)?;
            Self::File(path)
        } else if is_explicit || path.exists() {
            Self::Images { path, tag }
        } else {
            Self::Name(text.to_owned())
        })
    }

    /// Whether it is a path.
    pub(crate) fn is_path(&self) -> bool {
        !matches!(self, Self::Name(_))
    }
}

/// Whether a text can only be a path.
pub(crate) fn is_explicit(text: &str) -> bool {
    let starts = ["/", "./", "../", LAYOUT, DOCKER_ARCHIVE];
    starts.iter().any(|start| text.starts_with(start))
}

fn holds_images(path: &Path) -> bool {
    if path.is_dir() {
        return lazaret_images::is_layout(path);
    }
    path.is_file() && lazaret_images::is_tar(path).unwrap_or(false)
}

/// `PATH:IMAGE` or `PATH@DIGEST` into both: the longest beginning that `is_source` accepts is the
/// path.
fn split_tag(text: &str, is_source: impl Fn(&Path) -> bool) -> (PathBuf, Option<String>) {
    let whole = PathBuf::from(text);
    if whole.exists() {
        return (whole, None);
    }
    let splits = text.rmatch_indices([':', '@']);
    let mut images = splits.map(|(at, _)| (&text[..at], &text[at + 1..]));
    match images.find(|(path, image)| !image.is_empty() && is_source(Path::new(path))) {
        Some((path, image)) => (PathBuf::from(path), Some(image.to_owned())),
        None => (whole, None),
    }
}

#[cfg(test)]
mod tests;
