//! Lists all changes.

use super::overlay::{Change, Overlay};
use super::walk;
use crate::error::Error;

impl Overlay {
    /// All changes, in order of path. The root itself is left out. A deleted folder stands for all
    /// that was in it.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::LimitExceeded`], [`Error::Read`].
    pub fn changes(&self) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        walk::walk(self, &mut |path, what| {
            if !path.is_empty() {
                changes.push(Change {
                    kind: what.kind(),
                    path: path.to_vec(),
                });
            }
            Ok(())
        })?;
        changes.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }
}
