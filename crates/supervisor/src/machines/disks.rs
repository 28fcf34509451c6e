//! Duplicates the disks of a machine.

use std::collections::BTreeSet;
use std::path::Path;

use super::record::{StoredContent, StoredDisk};
use crate::Error;

/// The file with the policy of a run, beside its disks.
const POLICY: &str = "policy.json";

/// Gives the disks in the folder `from` to the folder `to`, with the names that they have: those that
/// the guest cannot write to get further names, the others are copied, sharing what the file system
/// can share. Disks elsewhere, such as volumes, stay there. Blocks.
pub(super) fn duplicate(disks: &[StoredDisk], from: &Path, to: &Path) -> Result<(), Error> {
    let mut done = BTreeSet::new();
    let mut give = |name: &Path, read_only: bool| {
        if name.is_absolute() || !done.insert(name.to_owned()) {
            return Ok(());
        }
        let (from, to) = (from.join(name), to.join(name));
        if read_only && std::fs::hard_link(&from, &to).is_ok() {
            return Ok(());
        }
        Ok::<_, Error>(lazaret_files::duplicate(&from, &to)?)
    };
    for disk in disks {
        match &disk.content {
            StoredContent::File(name) => give(name, disk.read_only)?,
            // It stays where it is.
            StoredContent::Range(..) => {}
            StoredContent::Parts(parts) => {
                for part in parts {
                    give(&part.file, disk.read_only)?;
                }
            }
        }
    }
    if from.join(POLICY).exists() {
        give(Path::new(POLICY), true)?;
    }
    Ok(())
}
