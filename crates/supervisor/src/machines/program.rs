//! The hypervisor that executes a machine, as an installed program.

use std::path::{Path, PathBuf};

use lazaret_vm::vmm::Vmm;
use lazaret_vm::{JailMode, Qemu, Substrate};

use super::record::Launch;

/// An installed hypervisor.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) substrate: Substrate,
    pub(crate) path: PathBuf,
    pub(crate) version: String,
    pub(crate) jail: JailMode,
}

impl Program {
    /// The same one, jailed in another way.
    pub(crate) fn with_jail(self, jail: JailMode) -> Self {
        Self { jail, ..self }
    }

    /// The one that a machine was made for.
    pub(super) fn of_launch(launch: &Launch) -> Self {
        Self {
            substrate: launch.substrate,
            path: launch.qemu.clone(),
            version: launch.qemu_version.clone(),
            jail: launch.jail,
        }
    }

    /// Has a machine be executed by it from its next start on.
    pub(crate) fn note(&self, launch: &mut Launch) {
        launch.substrate = self.substrate;
        self.path.clone_into(&mut launch.qemu);
        self.version.clone_into(&mut launch.qemu_version);
    }

    /// It as QEMU, which it has to be.
    pub(super) fn as_qemu(&self) -> Qemu {
        Qemu::known(&self.path, &self.version).with_jail(self.jail)
    }

    /// It as another hypervisor; `None` for QEMU.
    pub(super) fn as_vmm(&self) -> Option<Vmm> {
        let is_other = self.substrate != Substrate::Qemu;
        let known = |path: &Path| Vmm::known(self.substrate, path, &self.version);
        is_other.then(|| known(&self.path).with_jail(self.jail))
    }
}

impl From<&Qemu> for Program {
    fn from(qemu: &Qemu) -> Self {
        Self {
            substrate: Substrate::Qemu,
            path: qemu.path().to_owned(),
            version: qemu.version().to_owned(),
            jail: qemu.jail(),
        }
    }
}

impl From<&Vmm> for Program {
    fn from(vmm: &Vmm) -> Self {
        Self {
            substrate: vmm.substrate(),
            path: vmm.path().to_owned(),
            version: vmm.version().to_owned(),
            jail: vmm.jail(),
        }
    }
}
