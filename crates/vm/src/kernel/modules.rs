//! Determines the modules that the guest needs, and their load order.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    bootable::Purpose,
    modinfo::{ModuleInfo, normalize},
};

/// Whether a kernel without a module is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// The modules that are looked for, in the order of their purposes: what a later purpose depends on
/// may have been loaded for an earlier one.
pub(super) const WANTED: [(Purpose, Need, &[&str]); 8] = [
    // Bus, control port, images, scratch disk, writable root.
    (
        Purpose::Machine,
        Need::Required,
        &["virtio_mmio", "virtio_console", "erofs", "ext4", "overlay"],
    ),
    (Purpose::Machine, Need::Optional, &["virtio_rng"]),
    (Purpose::Devices, Need::Required, &["virtio_blk"]),
    (Purpose::Network, Need::Optional, &["virtio_net"]),
    (Purpose::Boot, Need::Optional, &["virtio_pci"]),
    (
        Purpose::Verity,
        Need::Optional,
        &["dm_verity", "sha256_generic"],
    ),
    (Purpose::Folders, Need::Optional, &["fuse"]),
    (
        Purpose::Vsock,
        Need::Optional,
        &["vmw_vsock_virtio_transport"],
    ),
];

/// Greatest nesting of dependencies; every kernel has much less.
const MAX_DEPTH: usize = 64;

/// The modules of one kernel.
pub(super) struct Catalogue {
    builtin: BTreeSet<String>,
    loadable: BTreeMap<String, String>,
}

impl Catalogue {
    /// `builtin` is the content of `modules.builtin`; `files` are the file names of all
    /// loadable modules (`a-b.ko`, `c.ko.xz`).
    pub(super) fn new(builtin: &str, files: impl IntoIterator<Item = String>) -> Self {
        let builtin = builtin.lines().filter_map(module_name).collect();
        let loadable = files
            .into_iter()
            .filter_map(|file| Some((module_name(&file)?, file)))
            .collect();
        Self { builtin, loadable }
    }

    /// File names of the modules that the guest needs, with their purpose, each after its
    /// dependencies. `read` returns the module information of a file.
    ///
    /// # Errors
    /// [`Missing::Modules`] with everything that is neither built in nor loadable, or the errors of
    /// `read`.
    pub(super) fn load_order<E>(
        &self,
        mut read: impl FnMut(&str) -> Result<ModuleInfo, E>,
    ) -> Result<Vec<(Purpose, String)>, Missing<E>> {
        let mut order = Order {
            catalogue: self,
            read: &mut read,
            progress: Progress::default(),
        };
        let mut missing = Vec::new();
        for (purpose, need, names) in WANTED {
            order.progress.purpose = purpose;
            for name in names {
                match need {
                    Need::Required => missing.extend(order.add(name, 0).map_err(Missing::Read)?),
                    Need::Optional => order.try_add(name, 0).map_err(Missing::Read)?,
                }
            }
        }
        if missing.is_empty() {
            Ok(order.progress.files)
        } else {
            missing.sort();
            missing.dedup();
            Err(Missing::Modules(missing))
        }
    }

    fn has(&self, name: &str) -> bool {
        self.builtin.contains(name) || self.loadable.contains_key(name)
    }

    /// The module for a soft dependency, which is a module or a crypto alias (`crypto-crc32c`): the
    /// module that serves such an alias has the name of the algorithm.
    fn resolve_soft(&self, alias: &str) -> Option<String> {
        let algorithm = alias.strip_prefix("crypto_").unwrap_or(alias);
        [
            alias.to_owned(),
            algorithm.to_owned(),
            format!("{algorithm}_generic"),
        ]
        .into_iter()
        .find(|name| self.has(name))
    }
}

/// The reason for which there is no load order.
#[derive(Debug)]
pub(super) enum Missing<E> {
    /// These modules are neither built in nor loadable.
    Modules(Vec<String>),
    /// A module file could not be read.
    Read(E),
}

/// A depth-first walk over the dependencies.
struct Order<'a, R> {
    catalogue: &'a Catalogue,
    read: &'a mut R,
    progress: Progress,
}

#[derive(Clone, Default)]
struct Progress {
    /// Modules that were begun, so that each is read once and cycles of dependencies end.
    begun: BTreeSet<String>,
    /// The purpose of the modules that are being added.
    purpose: Purpose,
    /// Files in load order.
    files: Vec<(Purpose, String)>,
}

impl<E, R: FnMut(&str) -> Result<ModuleInfo, E>> Order<'_, R> {
    /// Adds a module and its dependencies; returns the modules that the kernel lacks.
    fn add(&mut self, name: &str, depth: usize) -> Result<Vec<String>, E> {
        if self.catalogue.builtin.contains(name) || self.progress.begun.contains(name) {
            return Ok(Vec::new());
        }
        let Some(file) = self
            .catalogue
            .loadable
            .get(name)
            .filter(|_| depth < MAX_DEPTH)
        else {
            return Ok(vec![name.to_owned()]);
        };
        self.progress.begun.insert(name.to_owned());
        let info = (self.read)(file)?;
        let mut missing = Vec::new();
        for depends in &info.depends {
            missing.extend(self.add(depends, depth + 1)?);
        }
        for alias in &info.soft {
            if let Some(module) = self.catalogue.resolve_soft(alias) {
                self.try_add(&module, depth + 1)?;
            }
        }
        let purpose = self.progress.purpose;
        self.progress.files.push((purpose, file.clone()));
        Ok(missing)
    }

    /// Like [`Self::add`], but undoes everything when something is missing.
    fn try_add(&mut self, name: &str, depth: usize) -> Result<(), E> {
        if !self.catalogue.has(name) {
            return Ok(());
        }
        let before = self.progress.clone();
        if !self.add(name, depth)?.is_empty() {
            self.progress = before;
        }
        Ok(())
    }
}

/// The module name of a file: `kernel/fs/over-lay.ko.xz` is `over_lay`; `None` for other files.
fn module_name(path: &str) -> Option<String> {
    let file = path.trim().rsplit('/').next()?;
    let (stem, suffix) = file.split_once(".ko")?;
    matches!(suffix, "" | ".xz" | ".zst" | ".gz").then(|| normalize(stem))
}
