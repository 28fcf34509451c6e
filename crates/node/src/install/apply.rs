//! Makes the changes of a plan.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, NewFile, io};

use super::error::Error;
use super::plan::{Change, Plan};
use super::record::{Record, lock};
use super::tree::Tree;

/// Writes the files of a plan, each durably and as a whole, after a record of what was there. An empty plan
/// writes nothing. With a record of earlier installations, this one is added to it: one reversal undoes all.
/// Blocks for the disk.
///
/// # Errors
/// [`Error`]. When [`Error::Stale`] is found before anything is written, nothing is; after a failure in the
/// middle, [`undo`](super::undo) knows by the record which files were written.
pub fn apply(plan: &Plan, record: &Path) -> Result<(), Error> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    let tree = Tree::open(&plan.root)?;
    let _lock = lock(record)?;
    let mut entries = Record::load(record)?.unwrap_or_else(|| Record::new(tree.root()));
    if entries.root != tree.root() {
        return Err(Error::Record {
            path: record.to_owned(),
            reason: format!("it is of '{}'", entries.root.display()),
        });
    }
    check(&tree, &plan.changes)?;
    for change in &plan.changes {
        for folder in missing_folders(&change.path) {
            if !entries.folders.contains(&folder) {
                entries.folders.push(folder);
            }
        }
        entries.add(change);
    }
    entries.save(record)?;
    make(&tree, &plan.changes)
}

/// Refuses changes whose files are not any more as they were.
pub(super) fn check(tree: &Tree, changes: &[Change]) -> Result<(), Error> {
    for change in changes {
        if tree.read(&change.path)? != change.before {
            let path = change.path.clone();
            return Err(Error::Stale { path });
        }
    }
    Ok(())
}

/// Makes changes one after the other. Each file is looked at again before it is replaced.
pub(super) fn make(tree: &Tree, changes: &[Change]) -> Result<(), Error> {
    for change in changes {
        check(tree, std::slice::from_ref(change))?;
        let path = &change.path;
        match &change.after {
            None => _ = Durability::Synced.remove(path)?,
            Some(text) => {
                Durability::Synced.create_dirs(path.parent().unwrap_or(Path::new("/")))?;
                let new = NewFile::here(path)?;
                let written = new.file()?.write_all(text.as_bytes());
                written.map_err(io("write", path))?;
                new.publish()?;
            }
        }
    }
    Ok(())
}

/// The folders of a file that do not exist yet, parents first.
fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let folders = path.ancestors().skip(1);
    let missing = folders.take_while(|folder| folder.symlink_metadata().is_err());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    missing
}

#[cfg(test)]
mod tests;
