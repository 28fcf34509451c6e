//! Upload sessions as files. They are replaced in one step but not synced: a session that is
//! lost with power only means that the client starts the upload again.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::tree::children;
use crate::durable::optional;
use crate::error::io;
use crate::{Error, UploadId, UploadSession};

#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) folder: PathBuf,
}

impl Sessions {
    fn path(&self, id: &UploadId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    pub(super) fn put(&self, session: &UploadSession) -> Result<(), Error> {
        // Nobody knows the id before this returns, so nobody reads a half-written file.
        let path = self.path(&session.id);
        fs::write(&path, session.repository.as_str()).map_err(io("write", &path))
    }

    pub(super) fn get(&self, id: &UploadId) -> Result<Option<UploadSession>, Error> {
        let path = self.path(id);
        let text = optional(fs::read_to_string(&path), "read", &path)?;
        // A file that power loss left empty is no session.
        Ok(text
            .and_then(|text| text.parse().ok())
            .map(|repository| UploadSession {
                id: id.clone(),
                repository,
            }))
    }

    pub(super) fn remove(&self, id: &UploadId) -> Result<bool, Error> {
        let path = self.path(id);
        Ok(optional(fs::remove_file(&path), "remove", &path)?.is_some())
    }

    pub(super) fn expire(&self, age: Duration) -> Result<u64, Error> {
        let mut expired = 0;
        for path in children(&self.folder)? {
            let metadata = optional(fs::metadata(&path), "inspect", &path)?;
            let modified = metadata.and_then(|metadata| metadata.modified().ok());
            let stale = modified
                .and_then(|modified| modified.elapsed().ok())
                .is_some_and(|elapsed| elapsed >= age);
            if stale && optional(fs::remove_file(&path), "remove", &path)?.is_some() {
                expired += 1;
            }
        }
        Ok(expired)
    }
}
