//! Refuses plans with something that a hypervisor cannot do.

use crate::substrate::Unsupported;
use crate::{Accelerator, Disk, DiskFormat, Feature, LaunchPlan, Substrate};

/// Most processors of a machine of Firecracker's (`MAX_SUPPORTED_VCPUS`).
const FIRECRACKER_CPUS: u32 = 32;

/// Refuses the first thing in a plan that the hypervisor cannot do.
pub(super) fn check(substrate: Substrate, plan: &LaunchPlan) -> Result<(), Unsupported> {
    if plan.accelerator == Accelerator::Tcg {
        substrate.require(Feature::Emulation)?;
    }
    let in_parts = |disk: &Disk| disk.format == DiskFormat::Parts;
    if plan.disks.iter().any(in_parts) {
        substrate.require(Feature::DiskParts)?;
    }
    let in_range = |disk: &Disk| matches!(disk.format, DiskFormat::Range(_));
    if plan.boot_ranges.is_some() || plan.disks.iter().any(in_range) {
        substrate.require(Feature::FileRanges)?;
    }
    if plan.network.is_some() {
        substrate.require(Feature::Network)?;
    }
    if substrate == Substrate::Firecracker && plan.cpus > FIRECRACKER_CPUS {
        let limit = FIRECRACKER_CPUS;
        substrate.require(Feature::Processors { limit })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
