//! A plan that is being made.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::plan::{Change, Plan, Step};
use super::tree::Tree;

/// The changes so far. A file that two engines share is changed once.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) tree: Tree,
    changes: Vec<Change>,
    notices: Vec<String>,
}

impl Draft {
    pub(super) fn new(tree: Tree) -> Self {
        Self {
            tree,
            changes: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// The text that a file has so far, by its path with the root folder.
    pub(super) fn text(&self, path: &Path) -> Result<Option<String>, Error> {
        match self.changes.iter().find(|change| change.path == path) {
            Some(change) => Ok(change.after.clone()),
            None => self.tree.read(path),
        }
    }

    /// Gives a file a text, by its path with the root folder.
    pub(super) fn put(
        &mut self,
        path: PathBuf,
        text: String,
        why: &str,
        step: Option<Step>,
    ) -> Result<(), Error> {
        if let Some(change) = self.changes.iter_mut().find(|change| change.path == path) {
            change.after = Some(text);
            return Ok(());
        }
        let before = self.tree.read(&path)?;
        let after = Some(text);
        if before != after {
            self.changes.push(Change {
                path,
                before,
                after,
                why: why.to_owned(),
                step,
            });
        }
        Ok(())
    }

    /// Says something to the user, once.
    pub(super) fn notice(&mut self, text: String) {
        if !self.notices.contains(&text) {
            self.notices.push(text);
        }
    }

    pub(super) fn into_plan(self) -> Plan {
        Plan {
            root: self.tree.root().to_owned(),
            changes: self.changes,
            notices: self.notices,
        }
    }
}
