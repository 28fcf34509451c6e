//! The interface to the files of a layout, in a folder or in a tar.

use std::path::Path;

use crate::Error;
use crate::archive::Archive;
use crate::blob::FileRange;

/// Looks up files by their names in a layout. The calls block.
pub(crate) trait Files: Send + Sync {
    /// The path of the layout, for messages.
    fn place(&self) -> &Path;

    /// The content of a file; `None` if there is no file of that name.
    fn file(&self, name: &str) -> Result<Option<FileRange>, Error>;
}

impl Files for Archive {
    fn place(&self) -> &Path {
        self.path()
    }

    fn file(&self, name: &str) -> Result<Option<FileRange>, Error> {
        Ok(Self::file(self, name))
    }
}
