//! The file of `--cidfile`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The file for the id of a machine. It must be new, which is checked before the machine is made.
pub(crate) struct IdFile(Option<(PathBuf, File)>);

impl IdFile {
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let file = File::create_new(path);
        let file = file.map_err(|error| Failure::io(format!("create '{}'", path.display()), error));
        Ok(Self(Some((path.to_owned(), file?))))
    }

    pub(crate) fn write(self, id: &str) -> Result<(), Failure> {
        let Some((path, mut file)) = self.0 else {
            return Ok(());
        };
        let written = file.write_all(id.as_bytes());
        written.map_err(|error| Failure::io(format!("write '{}'", path.display()), error))
    }
}
