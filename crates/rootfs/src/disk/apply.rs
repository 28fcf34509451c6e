//! Applying the entries of a layer to the tree.

use std::io::Read;

use super::{DiskBuilder, LayerSummary};
use crate::blocks::Source;
use crate::error::{EntryFault, Error};
use crate::layer::{self, Budget, Entry, EntryKind, LayerReader};
use crate::path::{TreePath, components};
use crate::tree::{Kind, NodeId, device_fits};

const WHITEOUT: &[u8] = b".wh.";
/// Names that aufs keeps for itself.
const AUFS: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What an entry's name asks for.
#[derive(Debug, PartialEq, Eq)]
enum Action<'a> {
    Add,
    /// Hide this name in the entry's directory.
    Whiteout {
        parent: &'a [u8],
        name: &'a [u8],
    },
    /// Hide everything in the entry's directory.
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
        self.tree.begin_layer();
        let base = self.tree.prefix(prefix)?;
        let limits = self.options.limits;
        let budget = Budget {
            bytes: limits.bytes - self.bytes,
            entries: limits.entries - self.entries,
        };
        let applied = layer::read(blob, budget, |reader| {
            while let Some(entry) = reader.next_entry()? {
                self.apply_entry(base, entry, reader)?;
            }
            Ok(())
        });
        let ((), totals) = applied.map_err(|error| self.whole_limit(error))?;
        self.bytes = self.bytes.saturating_add(totals.bytes);
        if self.bytes > limits.bytes {
            return Err(Error::LimitExceeded {
                what: "uncompressed bytes",
                limit: limits.bytes,
            });
        }
        self.entries += totals.entries;
        Ok(LayerSummary {
            diff_id: totals.diff_id,
            entries: totals.entries,
            bytes: totals.bytes,
        })
    }

    /// The reader knows what is left of a limit; people want to see the limit.
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

    fn apply_entry(
        &mut self,
        base: NodeId,
        entry: Entry,
        reader: &mut LayerReader<'_>,
    ) -> Result<(), Error> {
        let path = TreePath::parse(&entry.path)?;
        let action = classify(&path)?;
        let marker = matches!(action, Action::Whiteout { .. } | Action::Opaque { .. });
        // Layers written from aufs hold whiteouts as hard links to each other: only their name
        // counts. Anything else under such a name is no whiteout of the specification.
        if marker && !matches!(entry.kind, EntryKind::File | EntryKind::Hardlink(_)) {
            return Err(Error::entry(&entry.path, EntryFault::BadWhiteout));
        }
        match action {
            Action::Ignore => return Ok(()),
            Action::Whiteout { parent, name } => {
                self.tree.whiteout(base, &TreePath::parse(parent)?, name)?;
            }
            Action::Opaque { parent } => self.tree.opaque(base, &TreePath::parse(parent)?)?,
            Action::Add => self.add(base, &path, entry, reader)?,
        }
        self.reclaim();
        Ok(())
    }

    fn add(
        &mut self,
        base: NodeId,
        path: &TreePath,
        entry: Entry,
        reader: &mut LayerReader<'_>,
    ) -> Result<(), Error> {
        let mut attributes = entry.attributes;
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
                // What comes with a name is the file's from now on, as in every container runtime.
                let file = self.tree.add_hardlink(base, path, &target, attributes)?;
                return self.check_xattrs(path.as_bytes(), &self.tree.node(file).attributes);
            }
            EntryKind::File => {
                self.tree.check_place(base, path)?;
                let mut data = LayerData(reader);
                let (size, kind) = self.blocks.write_file(&mut data, path.as_bytes())?;
                debug_assert_eq!(size, entry.size, "the reader yields what it announced");
                kind
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
/// `.wh.`, `.wh..` and `.wh...` would hide nothing, the directory or its parent: refused. So is
/// anything below a directory that is itself named like a whiteout.
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

struct LayerData<'a, 'b>(&'a mut LayerReader<'b>);

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
