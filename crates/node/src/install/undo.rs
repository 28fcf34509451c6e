//! The way back.

use std::path::{Path, PathBuf};

use lazaret_files::Durability;
use lazaret_values::Chain;

use super::apply::{check, make};
use super::error::Error;
use super::plan::{Change, Plan};
use super::record::{Entry, Record, lock};
use super::tree::Tree;

/// The plan of a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The changes back.
    pub plan: Plan,
    /// Files that stay as they are.
    pub kept: Vec<Kept>,
    path: PathBuf,
    record: Record,
}

/// A file that a reversal does not touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file, root folder included.
    pub path: PathBuf,
    /// The reason.
    pub reason: Reason,
    /// The text that it had before the installation; none when there was no such file.
    pub before: Option<String>,
}

/// Why a file is not touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Somebody has changed it since the installation.
    Changed,
    /// Somebody has removed it since the installation.
    Removed,
    /// It cannot be read, or is no regular file any more; with the error.
    Unreadable(String),
}

/// What becomes of the record when files were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// The record of those files stays, so that another reversal can restore them.
    Remember,
    /// The record is removed, and with it what those files were.
    Forget,
}

/// Plans the reversal of all installations in a record. Files that were never written, or that are already as
/// they were, are not in the plan. Blocks for the disk, and writes nothing.
///
/// # Errors
/// [`Error::NoRecord`], [`Error::Record`], [`Error::Files`].
pub fn undo(record: &Path) -> Result<Undo, Error> {
    let path = record.to_owned();
    let Some(record) = Record::load(record)? else {
        return Err(Error::NoRecord { path });
    };
    let tree = Tree::open(&record.root)?;
    let mut changes = Vec::new();
    let mut kept = Vec::new();
    let mut notices = Vec::new();
    for entry in record.files.iter().rev() {
        match back(&tree, entry) {
            Ok(change) => {
                if change.is_some() && entry.edited {
                    notices.push(format!(
                        "'{}' was changed by somebody between two installations: it becomes what it was before the \
                         last one, which may name the mirror",
                        entry.path.display()
                    ));
                }
                changes.extend(change);
            }
            Err(reason) => kept.push(Kept {
                path: entry.path.clone(),
                reason,
                before: entry.before.clone(),
            }),
        }
    }
    let plan = Plan {
        root: record.root.clone(),
        changes,
        notices,
    };
    Ok(Undo {
        plan,
        kept,
        path,
        record,
    })
}

/// Makes the changes of a reversal, removes folders that the installations made and that are empty, and then
/// the record. Blocks for the disk.
///
/// # Errors
/// [`Error`], [`Error::Stale`] when a file or the record has changed since the plan. The record stays then, and
/// the reversal can be planned again.
pub fn revert(undo: &Undo, leftovers: Leftovers) -> Result<(), Error> {
    let _lock = lock(&undo.path)?;
    let stale = || Error::Stale {
        path: undo.path.clone(),
    };
    let mut record = Record::load(&undo.path)?.ok_or_else(stale)?;
    if record != undo.record {
        return Err(stale());
    }
    let tree = Tree::open(&record.root)?;
    check(&tree, &undo.plan.changes)?;
    make(&tree, &undo.plan.changes)?;
    for folder in record.folders.iter().rev() {
        // One that has something else in it, or that is gone, needs nothing.
        if tree.confine(folder).is_ok() && std::fs::remove_dir(folder).is_ok() {
            Durability::Synced.sync_dir(folder.parent().unwrap_or(Path::new("/")))?;
        }
    }
    let is_kept = |entry: &Entry| undo.kept.iter().any(|kept| kept.path == entry.path);
    record.files.retain(is_kept);
    record.folders.retain(|folder| folder.exists());
    if record.files.is_empty() || leftovers == Leftovers::Forget {
        Durability::Synced.remove(&undo.path)?;
        return Ok(());
    }
    record.save(&undo.path)
}

/// The change that restores a file; none when it is as it was.
fn back(tree: &Tree, entry: &Entry) -> Result<Option<Change>, Reason> {
    let now = tree.read(&entry.path);
    let now = now.map_err(|error| Reason::Unreadable(Chain(&error).to_string()))?;
    if now == entry.before {
        return Ok(None);
    }
    if !entry.is_ours(now.as_deref()) {
        return Err(match now {
            Some(_) => Reason::Changed,
            None => Reason::Removed,
        });
    }
    Ok(Some(Change {
        path: entry.path.clone(),
        before: now,
        after: entry.before.clone(),
        why: "it is as it was before the installation".to_owned(),
        step: entry.step,
    }))
}

#[cfg(test)]
mod tests;
