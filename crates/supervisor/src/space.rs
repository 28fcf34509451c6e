//! Measures how much room the stores take, and removes what is not needed.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use lazaret_images::PrunePlan;
use serde::Serialize;

use crate::machines::templates;
use crate::{Error, Home};

/// The room that one kind of content takes on the host.
#[derive(Debug, Clone, Serialize)]
pub struct Usage {
    /// The kind: `layers` (with manifests and configurations), `disks`, `kernels`, `machines`,
    /// `volumes`, `checkpoints` or `templates`.
    pub kind: &'static str,
    /// Number of objects.
    pub count: u64,
    /// Bytes that they occupy; for sparse files only the allocated ones.
    pub bytes: u64,
    /// Bytes that [`Home::prune_images`], the removal of machines that do not run and of volumes that
    /// no machine uses, and [`Home::prune_templates`] would free.
    pub reclaimable: u64,
}

/// Content that was removed, or would be with a dry run.
#[derive(Debug, Clone, Serialize)]
pub struct Pruned {
    /// Digests of layers, manifests and configurations.
    pub blobs: Vec<String>,
    /// Keys of disks.
    pub disks: Vec<String>,
    /// Bytes that were freed.
    pub freed: u64,
}

impl From<PrunePlan> for Pruned {
    fn from(plan: PrunePlan) -> Self {
        Self {
            freed: plan.bytes(),
            blobs: plan
                .blobs
                .iter()
                .map(|(digest, _)| digest.to_string())
                .collect(),
            disks: plan.disks.into_iter().map(|disk| disk.key).collect(),
        }
    }
}

impl Home {
    /// Removes layers that no image needs, and disks that belong to no image and can be built
    /// again. With `dry_run` nothing is removed.
    ///
    /// # Errors
    /// [`lazaret_images::Error::InUse`] while images are pulled, converted or run.
    pub fn prune_images(&self, dry_run: bool) -> Result<Pruned, Error> {
        let needed = self.needed_disks()?;
        let keep = |key: &str| needed.contains(key);
        let plan = if dry_run {
            self.images.plan_prune(keep)?
        } else {
            self.images.prune(keep)?
        };
        Ok(plan.into())
    }

    /// Returns how much room the user's stores take.
    ///
    /// # Errors
    /// Those of the stores.
    pub fn disk_usage(&self) -> Result<Vec<Usage>, Error> {
        let needed = self.needed_disks()?;
        let plan = self.images.plan_prune(|key| needed.contains(key))?;
        let blobs = self.images.blobs()?;
        let disks = self.images.disks()?;
        let kernels = self.kernels.ls()?;
        let folder = self.settings.data.join("kernels");
        Ok(vec![
            Usage {
                kind: "layers",
                count: blobs.len() as u64,
                bytes: blobs.iter().map(|(_, size)| size).sum(),
                reclaimable: plan.blobs.iter().map(|(_, size)| size).sum(),
            },
            Usage {
                kind: "disks",
                count: disks.len() as u64,
                bytes: disks.iter().map(|disk| disk.allocated).sum(),
                reclaimable: plan.disks.iter().map(|disk| disk.allocated).sum(),
            },
            Usage {
                kind: "kernels",
                count: kernels.len() as u64,
                bytes: occupied(&folder).map_err(Error::io("inspect", &folder))?,
                reclaimable: 0,
            },
            self.machines_usage()?,
            self.volumes_usage()?,
            self.checkpoints_usage()?,
            self.templates_usage()?,
        ])
    }

    /// The files of machines, without those that are disks of the store, too.
    fn machines_usage(&self) -> Result<Usage, Error> {
        let (mut bytes, mut reclaimable) = (0, 0);
        let machines = self.machines.list()?;
        for found in &machines {
            let size = occupied(&found.folder).map_err(Error::io("inspect", &found.folder))?;
            bytes += size;
            if !found.state.life.is_held() {
                reclaimable += size;
            }
        }
        Ok(Usage {
            kind: "machines",
            count: machines.len() as u64,
            bytes,
            reclaimable,
        })
    }

    fn volumes_usage(&self) -> Result<Usage, Error> {
        let volumes = self.volumes()?;
        let unused = volumes.iter().filter(|found| found.machines.is_empty());
        Ok(Usage {
            kind: "volumes",
            count: volumes.len() as u64,
            bytes: volumes.iter().map(|found| found.allocated).sum(),
            reclaimable: unused.map(|found| found.allocated).sum(),
        })
    }

    /// Nothing of them is reclaimable: like a volume with a name, a checkpoint stays until its user
    /// removes it.
    fn checkpoints_usage(&self) -> Result<Usage, Error> {
        let checkpoints = self.checkpoints()?;
        Ok(Usage {
            kind: "checkpoints",
            count: checkpoints.len() as u64,
            bytes: checkpoints.iter().map(|found| found.allocated).sum(),
            reclaimable: 0,
        })
    }

    fn templates_usage(&self) -> Result<Usage, Error> {
        let folder = self.templates();
        let bytes = occupied(&folder).map_err(Error::io("inspect", &folder))?;
        Ok(Usage {
            kind: "templates",
            count: templates(&folder)?.len() as u64,
            bytes,
            reclaimable: bytes,
        })
    }

    /// Removes the templates that machines begin from; their keepers end by that. Returns the number
    /// of bytes that were freed, or would be with `dry_run`. Machines that run are not touched, and
    /// the next machine of each kind boots its kernel.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn prune_templates(&self, dry_run: bool) -> Result<u64, Error> {
        let folder = self.templates();
        let freed = occupied(&folder).map_err(Error::io("inspect", &folder))?;
        if !dry_run {
            for template in templates(&folder)? {
                let removed = std::fs::remove_dir_all(&template);
                removed.map_err(Error::io("remove", &template))?;
            }
        }
        Ok(freed)
    }

    /// Keys of the disks of all images.
    fn needed_disks(&self) -> Result<HashSet<String>, Error> {
        let mut needed = HashSet::new();
        for record in self.images.list()? {
            let document = crate::image::manifest(&self.images, &record)?;
            let (config, _) = crate::image::config(&self.images, &document)?;
            needed.extend(crate::prepare::needed_disk_keys(&config));
            needed.extend(record.prebuilt.map(|prebuilt| prebuilt.disk));
        }
        Ok(needed)
    }
}

/// Bytes that the files below a folder occupy. Symbolic links are not followed.
pub(crate) fn occupied(folder: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                pending.push(entry.path());
            } else if metadata.nlink() == 1 {
                // A file with several names is counted where its first one is.
                sum += metadata.blocks() * 512;
            }
        }
    }
    Ok(sum)
}
