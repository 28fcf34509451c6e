//! Computes what may be on the disk after a power loss.
//!
//! The rules are those of POSIX, not of one file system: content is durable after its file was
//! synced, a name after its folder was. Everything else may or may not be there, in pages of 4 KiB
//! and, within a folder, in order.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use super::effects::{Effect, FileId, Node};

const PAGE: usize = 4096;

/// What survives of steps that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// Everything: the process died, but the machine did not.
    Kept,
    /// Nothing.
    Lost,
    /// A part, chosen by this seed.
    Some(u64),
}

/// A disk that syncs, or one that only pretends to. A test that finds no faults with the latter
/// would find none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    Honest,
    /// Folders whose path has this prefix are not synced.
    IgnoresFolders(&'static str),
    /// Files whose path has this prefix are not synced.
    IgnoresFiles(&'static str),
}

impl Disk {
    fn ignores(self, sync: &Effect) -> bool {
        match (self, sync) {
            (Self::IgnoresFolders(start), Effect::SyncFolder { folder, .. }) => {
                folder.to_string_lossy().starts_with(start)
            }
            (Self::IgnoresFiles(start), Effect::SyncFile { path, .. }) => {
                path.to_string_lossy().starts_with(start)
            }
            _ => false,
        }
    }
}

/// The steps, each with the moment at which it became durable.
pub(super) struct History<'a> {
    effects: &'a [Effect],
    safe_at: Vec<usize>,
}

/// The files and folders (`None`) after a crash, by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State(BTreeMap<PathBuf, Option<Vec<u8>>>);

impl<'a> History<'a> {
    pub(super) fn new(effects: &'a [Effect], disk: Disk) -> Self {
        let mut safe_at = vec![usize::MAX; effects.len()];
        for (position, sync) in effects.iter().enumerate() {
            let (Effect::SyncFile { since, .. } | Effect::SyncFolder { since, .. }) = sync else {
                continue;
            };
            if disk.ignores(sync) {
                continue;
            }
            for (safe, effect) in safe_at.iter_mut().zip(effects).take(*since) {
                let covered = match (sync, effect) {
                    (
                        Effect::SyncFile { file: synced, .. },
                        Effect::Write { file, .. } | Effect::Truncate { file, .. },
                    ) => synced == file,
                    (Effect::SyncFolder { folder: synced, .. }, Effect::Names { folder, .. }) => {
                        synced == folder
                    }
                    _ => false,
                };
                if covered {
                    *safe = (*safe).min(position);
                }
            }
        }
        Self { effects, safe_at }
    }

    /// The state of the disk when the power fails after the first `steps` steps.
    pub(super) fn crash(&self, steps: usize, unsynced: Unsynced) -> State {
        let mut dice = Dice::new(unsynced);
        let mut files: HashMap<FileId, Vec<u8>> = HashMap::new();
        let mut names: BTreeMap<PathBuf, Node> = BTreeMap::new();
        for (effect, safe_at) in self.effects.iter().zip(&self.safe_at).take(steps) {
            let is_safe = *safe_at < steps;
            match effect {
                Effect::Names {
                    folder,
                    names: changes,
                } if is_safe || dice.keeps_in(folder) => {
                    for (name, node) in changes {
                        match node {
                            Some(node) => names.insert(folder.join(name), *node),
                            None => names.remove(&folder.join(name)),
                        };
                    }
                }
                Effect::Write {
                    file,
                    offset,
                    bytes,
                } => {
                    let content = files.entry(*file).or_default();
                    let mut offset = usize::try_from(*offset).unwrap();
                    let mut rest = &bytes[..];
                    while !rest.is_empty() {
                        let (page, more) = rest.split_at(rest.len().min(PAGE - offset % PAGE));
                        if is_safe || dice.keeps() {
                            let end = offset + page.len();
                            content.resize(content.len().max(end), 0);
                            content[offset..end].copy_from_slice(page);
                        }
                        offset += page.len();
                        rest = more;
                    }
                }
                Effect::Truncate { file, length } if is_safe || dice.keeps() => {
                    let length = usize::try_from(*length).unwrap();
                    files.entry(*file).or_default().resize(length, 0);
                }
                _ => {}
            }
        }
        let reachable = |path: &Path| {
            let mut above = path.ancestors().skip(1);
            above.all(|folder| folder.as_os_str().is_empty() || names.contains_key(folder))
        };
        let nodes = names.iter().filter(|(path, _)| reachable(path));
        State(
            nodes
                .map(|(path, node)| match node {
                    Node::Folder => (path.clone(), None),
                    Node::File(file) => (
                        path.clone(),
                        Some(files.get(file).cloned().unwrap_or_default()),
                    ),
                })
                .collect(),
        )
    }
}

impl State {
    /// A hash of the state; equal states have equal hashes.
    pub(super) fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    /// Writes the state into an empty folder.
    pub(super) fn write(&self, root: &Path) {
        for (path, content) in &self.0 {
            match content {
                None => std::fs::create_dir(root.join(path)).unwrap(),
                Some(content) => std::fs::write(root.join(path), content).unwrap(),
            }
        }
    }
}

/// Decides at random what survives.
struct Dice {
    unsynced: Unsynced,
    random: fastrand::Rng,
    /// The chance of a page to survive, in percent, and for each folder whether it still keeps
    /// names.
    pages: u8,
    folders: HashMap<PathBuf, bool>,
}

impl Dice {
    fn new(unsynced: Unsynced) -> Self {
        let seed = match unsynced {
            Unsynced::Some(seed) => seed,
            Unsynced::Kept | Unsynced::Lost => 0,
        };
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
            unsynced,
            pages: random.u8(5..95),
            random,
            folders: HashMap::new(),
        }
    }

    fn keeps(&mut self) -> bool {
        match self.unsynced {
            Unsynced::Kept => true,
            Unsynced::Lost => false,
            Unsynced::Some(_) => self.random.u8(..100) < self.pages,
        }
    }

    /// After a folder has lost a change, it loses all later ones too.
    fn keeps_in(&mut self, folder: &Path) -> bool {
        let so_far = *self.folders.get(folder).unwrap_or(&true);
        let keeps = so_far && (self.keeps() || self.random.bool() && self.keeps());
        self.folders.insert(folder.to_owned(), keeps);
        keeps
    }
}
