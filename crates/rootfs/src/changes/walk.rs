//! Walks the upper folder beside what is below it.

use std::collections::{HashMap, HashSet};

use super::overlay::{ChangeKind, Overlay};
use crate::error::Error;
use crate::reader::{Budget, ObjectKind, Stat, damaged};

/// Attributes of the overlay itself, for which a layer has other means.
const OVERLAY: &[u8] = b"trusted.overlay.";
const OPAQUE: &[u8] = b"trusted.overlay.opaque";
/// Attributes by which an overlay refers to the content of other places. Machines mount theirs
/// without them.
const REFERENCES: [&[u8]; 2] = [b"trusted.overlay.redirect", b"trusted.overlay.metacopy"];

/// What is at a changed path.
pub(super) enum What<'a> {
    /// An object.
    Present {
        stat: &'a Stat,
        kind: ChangeKind,
        /// Whether it is a folder that hides everything in the folder below.
        hides: bool,
    },
    /// Nothing any more. It is `implied` where a folder above hides everything.
    Gone { implied: bool },
}

impl What<'_> {
    pub(super) fn kind(&self) -> ChangeKind {
        match self {
            Self::Present { kind, .. } => *kind,
            Self::Gone { .. } => ChangeKind::Deleted,
        }
    }
}

/// The receiver of changes: a path, and what is there.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&[u8], What<'_>) -> Result<(), Error>;

/// Visits every change, a folder before what is in it, names in order of their bytes. A folder is
/// visited, too, when only something in it was changed; the root with an empty path.
pub(super) fn walk(overlay: &Overlay, visit: Visit<'_>) -> Result<(), Error> {
    let Some(upper) = overlay.upper.lookup(&overlay.folder)? else {
        return Ok(());
    };
    if upper.kind != ObjectKind::Directory {
        return Err(damaged("the upper folder of the overlay is none"));
    }
    let mut walk = Walk {
        overlay,
        visit,
        budgets: (overlay.upper.budget(), overlay.lower.budget()),
        seen: HashSet::from([upper.inode]),
        path: Vec::new(),
        folders: Vec::new(),
    };
    let lower = overlay.lower.root()?;
    walk.enter(upper, Some(lower), false)?;
    while let Some(folder) = walk.folders.last_mut() {
        match folder.names.next() {
            Some(name) => walk.look(&name)?,
            None => {
                walk.folders.pop();
            }
        }
        let length = walk.folders.last().map_or(0, |folder| folder.length);
        walk.path.truncate(length);
    }
    Ok(())
}

/// A name in a folder, with its inodes.
struct Name {
    text: Vec<u8>,
    upper: Option<u64>,
    lower: Option<u64>,
}

/// A folder that is being walked.
struct Folder {
    /// Length of its path.
    length: usize,
    /// The names that are still to be looked at.
    names: std::vec::IntoIter<Name>,
    /// The folder itself, unless it was visited, and how it was changed.
    pending: Option<(Stat, ChangeKind)>,
    /// Whether what is below does not show.
    is_cut: bool,
}

struct Walk<'a> {
    overlay: &'a Overlay,
    visit: Visit<'a>,
    /// What is left to be read of the upper and of the lower disk.
    budgets: (Budget, Budget),
    /// The folders of the upper disk that were entered.
    seen: HashSet<u64>,
    path: Vec<u8>,
    folders: Vec<Folder>,
}

impl Walk<'_> {
    fn look(&mut self, name: &Name) -> Result<(), Error> {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(&name.text);
        self.budgets.0.entry(self.path.len())?;
        let is_cut = self.folders.last().is_some_and(|folder| folder.is_cut);
        let Some(inode) = name.upper else {
            return self.tell(What::Gone { implied: true });
        };
        let stat = self.overlay.upper.stat(inode)?;
        self.budgets.0.stat(&stat)?;
        let has = |wanted: &[u8]| {
            let mut names = stat.attributes.xattrs.iter();
            names.any(|(name, _)| name == wanted)
        };
        if REFERENCES.iter().any(|name| has(name)) {
            return Err(damaged("its overlay refers to other places of the image"));
        }
        if is_whiteout(&stat) {
            return match name.lower {
                Some(_) => self.tell(What::Gone { implied: is_cut }),
                None => Ok(()),
            };
        }
        let below = match name.lower {
            Some(inode) => Some(self.overlay.lower.stat(inode)?),
            None => None,
        };
        if stat.kind == ObjectKind::Directory {
            if !self.seen.insert(inode) {
                return Err(damaged("a directory has two names"));
            }
            return self.enter(stat, below, is_cut);
        }
        if self.overlay.made.is_made(&self.path, &stat) {
            return Ok(());
        }
        let kind = kind_over(below.as_ref());
        let hides = false;
        self.tell(What::Present {
            stat: &stat,
            kind,
            hides,
        })
    }

    /// Begins with a folder of the upper disk, over what is below it.
    fn enter(&mut self, upper: Stat, below: Option<Stat>, is_cut: bool) -> Result<(), Error> {
        let is_opaque = upper
            .attributes
            .xattrs
            .iter()
            .any(|(name, value)| name == OPAQUE && value == b"y");
        let kind = kind_over(below.as_ref());
        let lower = below.filter(|stat| stat.kind == ObjectKind::Directory);
        let hides = is_opaque && !is_cut && lower.is_some();
        let is_changed = match &lower {
            Some(lower) => hides || self.differ(&upper, lower),
            None => !self.overlay.made.is_made(&self.path, &upper),
        };
        let is_cut = is_cut || is_opaque;
        let names = self.names(&upper, lower.as_ref(), is_cut)?;
        if is_changed {
            self.tell(What::Present {
                stat: &upper,
                kind,
                hides,
            })?;
        }
        self.folders.push(Folder {
            length: self.path.len(),
            names: names.into_iter(),
            pending: (!is_changed).then_some((upper, kind)),
            is_cut,
        });
        Ok(())
    }

    /// The names of a folder in order, with those that only the folder below has where it does not
    /// show.
    fn names(
        &mut self,
        upper: &Stat,
        lower: Option<&Stat>,
        is_cut: bool,
    ) -> Result<Vec<Name>, Error> {
        let mut below: HashMap<Vec<u8>, u64> = match lower {
            Some(lower) => {
                let names = self.overlay.lower.names(lower, &mut self.budgets.1)?;
                names.into_iter().collect()
            }
            None => HashMap::new(),
        };
        let names = self.overlay.upper.names(upper, &mut self.budgets.0)?;
        let mut names: Vec<Name> = names
            .into_iter()
            .map(|(text, inode)| Name {
                lower: below.remove(&text),
                upper: Some(inode),
                text,
            })
            .collect();
        if is_cut {
            names.extend(below.into_iter().map(|(text, inode)| Name {
                text,
                upper: None,
                lower: Some(inode),
            }));
        }
        names.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        if names.windows(2).any(|pair| pair[0].text == pair[1].text) {
            return Err(damaged("a directory has a name twice"));
        }
        Ok(names)
    }

    /// Whether a folder has other attributes than the one below.
    fn differ(&self, upper: &Stat, lower: &Stat) -> bool {
        let (above, below) = (&upper.attributes, &lower.attributes);
        let sorted = |stat: &Stat| {
            let mut xattrs = own_xattrs(stat);
            xattrs.sort();
            xattrs
        };
        above.mode != below.mode
            || above.uid != below.uid
            || above.gid != below.gid
            || sorted(upper) != sorted(lower)
            || (above.mtime != below.mtime && !self.overlay.made.touches(&self.path))
    }

    /// Visits a change at the current path, and before it the folders that lead there.
    fn tell(&mut self, what: What<'_>) -> Result<(), Error> {
        for folder in &mut self.folders {
            if let Some((stat, kind)) = folder.pending.take() {
                let leads_there = What::Present {
                    stat: &stat,
                    kind,
                    hides: false,
                };
                (self.visit)(&self.path[..folder.length], leads_there)?;
            }
        }
        (self.visit)(&self.path, what)
    }
}

fn kind_over(below: Option<&Stat>) -> ChangeKind {
    match below {
        Some(_) => ChangeKind::Changed,
        None => ChangeKind::Added,
    }
}

fn is_whiteout(stat: &Stat) -> bool {
    stat.kind == ObjectKind::CharDevice { major: 0, minor: 0 }
}

/// The extended attributes without those of the overlay.
pub(super) fn own_xattrs(stat: &Stat) -> Vec<(Vec<u8>, Vec<u8>)> {
    let all = stat.attributes.xattrs.iter();
    all.filter(|(name, _)| !name.starts_with(OVERLAY))
        .cloned()
        .collect()
}
