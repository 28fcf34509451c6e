//! The files of a layout, wherever they are.

use std::path::Path;

use crate::Error;
use crate::archive::Archive;
use crate::blob::FileRange;

/// Looks up files by their names in a layout. Calls block.
pub(crate) trait Files: Send + Sync {
    /// Where the layout is, for messages.
    fn place(&self) -> &Path;

    /// The content of a file, `None` when there is none of that name.
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
