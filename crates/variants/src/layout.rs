//! Where a variant is: `<registry>/<repository>/<version>/<architecture>/<substrate>/<mode>/<file>`
//! in stores, caches and control planes.

use std::fmt;

use crate::part::check_part;
use crate::{ArtifactReference, Error, Selector};

/// Name of the initial RAM disk beside a guest image.
pub const INITRD: &str = "initrd.cpio.gz";

/// The path of a variant beneath a store's root. Every part is a plain name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath(String);

impl StorePath {
    /// The path of the file `filename` of a variant. `native` is resolved.
    ///
    /// # Errors
    /// [`Error::Part`] when `filename` is no name of a file, [`Error::NoNative`].
    pub fn new(
        reference: &ArtifactReference,
        selector: Selector,
        filename: &str,
    ) -> Result<Self, Error> {
        check_part("file name", filename)?;
        let selector = selector.resolved()?;
        Ok(Self(format!(
            "{}/{}/{}/{selector}/{filename}",
            reference.registry(),
            reference.repository(),
            reference.version()
        )))
    }

    /// The path of another file beside this one.
    ///
    /// # Errors
    /// [`Error::Part`] when `filename` is no name of a file.
    pub fn sibling(&self, filename: &str) -> Result<Self, Error> {
        check_part("file name", filename)?;
        let folder = self.0.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(Self(format!("{folder}/{filename}")))
    }

    /// The path, relative to the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of the folders and of the file, from the root on.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root of a control plane's store, as clients and servers of the hosted API name it. The name
/// of the control plane must be fit to be a part of a path.
#[must_use]
pub fn hosted_root(control_plane: &str) -> String {
    format!(".port/hosted/{control_plane}/artifacts")
}
