//! Applies the entries of a layer to the tree.

use std::io::Read;

use super::builder::{DiskBuilder, LayerSummary};
use crate::allowance::Allowance;
use crate::blocks::{Blocks, Source};
use crate::error::{EntryFault, Error};
use crate::layer::{self, Budget, Entry, EntryKind, LayerReader};
use crate::path::{TreePath, components};
use crate::tree::{Kind, NodeId, device_fits};

const WHITEOUT: &[u8] = b".wh.";
/// Prefix of the names that aufs reserves.
const AUFS: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The action that the name of an entry asks for.
#[derive(Debug, PartialEq, Eq)]
enum Action<'a> {
    Add,
    /// Hide this name of the lower layers in the entry's directory.
    Whiteout {
        parent: &'a [u8],
        name: &'a [u8],
    },
    /// Hide everything of the lower layers in the entry's directory.
    Opaque {
        parent: &'a [u8],
    },
    /// Bookkeeping of aufs (`.wh..wh.plnk` and its like), which no runtime unpacks.
    Ignore,
}

impl DiskBuilder {
    pub(super) fn apply(
        &mut self,
        blob: impl Read + Send,
        prefix: &TreePath,
    ) -> Result<LayerSummary, Error> {
        let base = self.begin(prefix)?;
        let limits = self.options.limits;
        let budget = Budget {
            bytes: limits.bytes - self.bytes,
            entries: limits.entries - self.entries,
        };
        let applied = layer::read(blob, budget, |reader| {
            while let Some(entry) = reader.next_entry()? {
                self.apply_entry(base, entry, |blocks, path, entry| {
                    let (size, kind) = blocks.write_file(&mut LayerData(reader), path)?;
                    debug_assert_eq!(size, entry.size, "the reader yields what it announced");
                    Ok(kind)
                })?;
                self.check_tree(reader.allowance().packed)?;
            }
            Ok(())
        });
        let ((), totals) = applied.map_err(|error| self.whole_limit(error))?;
        self.count_packed(totals.diff_id, totals.allowance.packed);
        let summary = LayerSummary {
            diff_id: totals.diff_id,
            entries: totals.entries,
            bytes: totals.bytes,
        };
        self.count(&summary)?;
        self.decoded = self.decoded.saturating_add(totals.bytes - totals.holes);
        let packed = self.packed;
        Allowance { packed }.bytes(self.decoded)?;
        Ok(summary)
    }

    /// Checks the tree while a layer is applied, of which `packed` compressed bytes were read.
    pub(crate) fn check_tree(&self, packed: u64) -> Result<(), Error> {
        let packed = self.packed.saturating_add(packed);
        self.tree.check(Allowance { packed })
    }

    /// Adds the compressed bytes of an applied layer. One that is repeated costs its maker nothing
    /// the second time.
    pub(crate) fn count_packed(&mut self, diff_id: [u8; 32], packed: u64) {
        if self.applied.insert(diff_id) {
            self.packed = self.packed.saturating_add(packed);
        }
    }

    /// Begins a layer below a directory, which is made if missing.
    pub(crate) fn begin(&mut self, prefix: &TreePath) -> Result<NodeId, Error> {
        self.tree.begin_layer();
        self.tree.prefix(prefix)
    }

    /// Adds an applied layer to the totals.
    pub(crate) fn count(&mut self, layer: &LayerSummary) -> Result<(), Error> {
        let limits = self.options.limits;
        self.bytes = self.bytes.saturating_add(layer.bytes);
        self.entries = self.entries.saturating_add(layer.entries);
        for (what, count, limit) in [
            ("uncompressed bytes", self.bytes, limits.bytes),
            ("entries", self.entries, limits.entries),
        ] {
            if count > limit {
                return Err(Error::LimitExceeded { what, limit });
            }
        }
        Ok(())
    }

    /// Replaces what was left of a limit, which is all that the reader knows, by the whole limit.
    fn whole_limit(&self, error: Error) -> Error {
        let limits = self.options.limits;
        match error {
            Error::LimitExceeded { what, .. } => {
                let limit = match what {
                    "entries" => limits.entries,
                    "uncompressed bytes" => limits.bytes,
                    _ => limits.metadata,
                };
                Error::LimitExceeded { what, limit }
            }
            other => other,
        }
    }

    /// Applies one entry; `file` writes the data of a file to the disk.
    pub(crate) fn apply_entry(
        &mut self,
        base: NodeId,
        entry: Entry,
        file: impl FnOnce(&mut Blocks, &[u8], &Entry) -> Result<Kind, Error>,
    ) -> Result<(), Error> {
        let path = TreePath::parse(&entry.path)?;
        let action = classify(&path)?;
        let marker = matches!(action, Action::Whiteout { .. } | Action::Opaque { .. });
        // Layers written from aufs hold whiteouts as hard links to each other: only their name
        // counts. An entry of any other type with such a name is no whiteout of the specification.
        if marker && !matches!(entry.kind, EntryKind::File | EntryKind::Hardlink(_)) {
            return Err(Error::entry(&entry.path, EntryFault::BadWhiteout));
        }
        match action {
            Action::Ignore => return Ok(()),
            Action::Whiteout { parent, name } => {
                self.tree.whiteout(base, &TreePath::parse(parent)?, name)?;
            }
            Action::Opaque { parent } => self.tree.opaque(base, &TreePath::parse(parent)?)?,
            Action::Add => self.add(base, &path, entry, file)?,
        }
        self.reclaim();
        Ok(())
    }

    fn add(
        &mut self,
        base: NodeId,
        path: &TreePath,
        mut entry: Entry,
        file: impl FnOnce(&mut Blocks, &[u8], &Entry) -> Result<Kind, Error>,
    ) -> Result<(), Error> {
        let mut attributes = std::mem::take(&mut entry.attributes);
        self.normalise(path.as_bytes(), &mut attributes)?;
        let device = |major, minor| {
            if device_fits(major, minor) {
                Ok(())
            } else {
                Err(Error::entry(path.as_bytes(), EntryFault::BadDevice))
            }
        };
        let kind = match entry.kind {
            EntryKind::Directory => return self.tree.add_directory(base, path, attributes),
            EntryKind::Hardlink(target) => {
                let target = TreePath::parse(&target)?;
                // The attributes of this entry become those of the file, as in every container
                // runtime.
                let file = self.tree.add_hardlink(base, path, &target, attributes)?;
                return self.check_xattrs(path.as_bytes(), &self.tree.node(file).attributes);
            }
            EntryKind::File => {
                self.tree.check_place(base, path)?;
                file(&mut self.blocks, path.as_bytes(), &entry)?
            }
            EntryKind::Symlink(target) => Kind::Symlink(target.into()),
            EntryKind::CharDevice { major, minor } => {
                device(major, minor)?;
                Kind::CharDevice { major, minor }
            }
            EntryKind::BlockDevice { major, minor } => {
                device(major, minor)?;
                Kind::BlockDevice { major, minor }
            }
            EntryKind::Fifo => Kind::Fifo,
        };
        self.tree.add(base, path, kind, attributes)
    }
}

/// Tells whiteouts from other entries by their names.
///
/// `.wh.`, `.wh..` and `.wh...` would hide nothing, the directory or its parent, and are refused.
/// So is anything below a directory that is itself named like a whiteout.
fn classify(path: &TreePath) -> Result<Action<'_>, Error> {
    let bad = || Error::entry(path.as_bytes(), EntryFault::BadWhiteout);
    let Some((parent, last)) = path.split_last() else {
        return Ok(Action::Add);
    };
    match components(parent).find(|component| component.starts_with(WHITEOUT)) {
        Some(component) if component.starts_with(AUFS) => return Ok(Action::Ignore),
        Some(_) => return Err(bad()),
        None => {}
    }
    if last == OPAQUE {
        return Ok(Action::Opaque { parent });
    }
    if last.starts_with(AUFS) {
        return Ok(Action::Ignore);
    }
    match last.strip_prefix(WHITEOUT) {
        None => Ok(Action::Add),
        Some(b"" | b"." | b"..") => Err(bad()),
        Some(name) => Ok(Action::Whiteout { parent, name }),
    }
}

/// The data of the reader's current entry.
pub(crate) struct LayerData<'a, 'b>(pub(crate) &'a mut LayerReader<'b>);

impl Source for LayerData<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.0.read_data(buffer)
    }

    fn hole(&self) -> u64 {
        self.0.hole()
    }

    fn skip_hole(&mut self, count: u64) {
        self.0.skip_hole(count);
    }
}
