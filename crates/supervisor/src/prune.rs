//! Removes machines and volumes that nothing needs.

use serde::Serialize;

use crate::notation::machines::{Filter, apply};
use crate::notation::volumes::{self, passes};
use crate::{Error, Home};

/// Volumes that were removed, or would be with a dry run.
#[derive(Debug, Clone, Serialize)]
pub struct PrunedVolumes {
    /// Their names.
    pub volumes: Vec<String>,
    /// Bytes that they took on the host.
    pub freed: u64,
}

impl Home {
    /// Removes the machines that do not run and pass the filters; returns their ids. With `dry_run`
    /// nothing is removed.
    ///
    /// # Errors
    /// As [`Home::remove_machine`].
    pub async fn prune_machines(
        &self,
        filters: &[Filter],
        dry_run: bool,
    ) -> Result<Vec<String>, Error> {
        let mut removed = Vec::new();
        for found in apply(self.machines()?, filters) {
            if found.state.life.is_held() {
                continue;
            }
            if !dry_run {
                match self.remove_machine(&found.spec.id, false, false).await {
                    // Somebody has started it, or has removed it.
                    Err(Error::MachineRunning { .. } | Error::MachineNotFound { .. }) => continue,
                    gone => _ = gone?,
                }
            }
            removed.push(found.spec.id);
        }
        Ok(removed)
    }

    /// Removes the volumes that no machine uses and that pass the filters: those without a name, or
    /// all of them. With `dry_run` nothing is removed.
    ///
    /// # Errors
    /// As [`Home::remove_volume`].
    pub async fn prune_volumes(
        &self,
        all: bool,
        filters: &[volumes::Filter],
        dry_run: bool,
    ) -> Result<PrunedVolumes, Error> {
        let (mut volumes, mut freed) = (Vec::new(), 0);
        for found in self.volumes()? {
            let is_meant = all || found.volume.anonymous;
            if !is_meant || !found.machines.is_empty() || !passes(&found, filters) {
                continue;
            }
            let name = found.volume.name;
            if !dry_run {
                match self.remove_volume(&name).await {
                    // Somebody has begun to use it, or has removed it.
                    Err(Error::VolumeInUse { .. } | Error::VolumeNotFound { .. }) => continue,
                    removed => removed?,
                }
            }
            volumes.push(name);
            freed += found.allocated;
        }
        Ok(PrunedVolumes { volumes, freed })
    }
}
