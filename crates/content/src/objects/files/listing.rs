//! Lists the objects of the folder, in order of name.

use std::fs;
use std::path::Path;

use super::folder::Folder;
use crate::error::io;
use crate::{Durability, Error, StoredObject, UploadId};
use lazaret_files::optional;

impl Folder {
    /// At most `limit` objects after `after`. It reads one of the 256 folders at a time.
    pub(super) fn list(
        &self,
        after: Option<&UploadId>,
        limit: usize,
    ) -> Result<Vec<StoredObject>, Error> {
        let mut found = Vec::new();
        for number in 0..=u8::MAX {
            let digits = format!("{number:02x}");
            if after.is_some_and(|after| digits.as_str() < &after.as_str()[..2]) {
                continue;
            }
            let shard = self.shard(number);
            // In a durable store, every folder exists (`Folder::create`).
            if self.durability == Durability::Ephemeral && !shard.exists() {
                continue;
            }
            for id in names(&shard, &digits, after)? {
                if found.len() >= limit {
                    return Ok(found);
                }
                let path = shard.join(id.as_str());
                // An object that was deleted meanwhile is left out.
                if let Some(metadata) = optional(fs::metadata(&path), "inspect", &path)? {
                    found.push(StoredObject {
                        id,
                        size: metadata.len(),
                        modified: metadata.modified().map_err(io("inspect", &path))?,
                    });
                }
            }
        }
        Ok(found)
    }
}

/// The objects of one folder after `after`, sorted.
fn names(shard: &Path, digits: &str, after: Option<&UploadId>) -> Result<Vec<UploadId>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(shard).map_err(io("list the folder", shard))? {
        let entry = entry.map_err(io("list the folder", shard))?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.parse::<UploadId>().ok());
        if let Some(id) = id
            && id.as_str().starts_with(digits)
            && after.is_none_or(|after| *after < id)
        {
            names.push(id);
        }
    }
    names.sort_unstable();
    Ok(names)
}
