//! Orders several mounts in one file system.

use crate::{ArtifactMount, Error, Payload};

/// Orders mounts so that a folder is mounted before the mounts below it.
///
/// # Errors
/// [`Error::MountConflict`] when two have the same path, or one lies inside another's file.
pub fn arrange_mounts(mut mounts: Vec<ArtifactMount>) -> Result<Vec<ArtifactMount>, Error> {
    mounts.sort_by(|a, b| a.target.path.cmp(&b.target.path));
    for (position, second) in mounts.iter().enumerate() {
        for first in &mounts[..position] {
            let reason = if first.target.path == second.target.path {
                "the path is taken by"
            } else if matches!(first.payload, Payload::File(_))
                && second.target.path.is_below(&first.target.path)
            {
                "the path lies inside the file of"
            } else {
                continue;
            };
            return Err(Error::MountConflict {
                path: second.target.path.to_string(),
                reason,
                first: first.reference.to_string(),
                second: second.reference.to_string(),
            });
        }
    }
    Ok(mounts)
}
