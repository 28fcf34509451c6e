//! Which hypervisor executes a machine, whether it is there, and what it refuses before anything is made.

use std::path::Path;

use lazaret_vm::kernel::Kernel;
use lazaret_vm::vmm::Vmm;
use lazaret_vm::{Accelerator, BootRanges, Feature, JailMode, Substrate, Unsupported, probe};

use crate::machines::{Boot, NetworkMode, Program};
use crate::prepare::RunRequest;
use crate::{Error, Home};

impl Home {
    /// The installed hypervisor of this kind.
    ///
    /// # Errors
    /// When it is not there, or does not run.
    pub(crate) async fn program(&self, substrate: Substrate) -> Result<Program, Error> {
        if substrate == Substrate::Qemu {
            return Ok(self.qemu().await?.into());
        }
        let settings = &self.settings;
        let given = match substrate {
            Substrate::Firecracker => settings.firecracker.as_deref(),
            Substrate::CloudHypervisor => settings.cloud_hypervisor.as_deref(),
            Substrate::Qemu => None,
        };
        let vmm = Vmm::find(substrate, &settings.search_path, given).await?;
        Ok(Program::from(&vmm))
    }

    /// Refuses a hypervisor that this host cannot run.
    ///
    /// # Errors
    /// [`lazaret_vm::Error::NoKvm`]; [`lazaret_vm::Error::Unsupported`] when the user has chosen emulation.
    pub(crate) fn check_kvm(&self, substrate: Substrate) -> Result<(), Error> {
        match self.settings.accelerator {
            _ if substrate == Substrate::Qemu => Ok(()),
            // The user's choice is used without a look at the device.
            Some(Accelerator::Kvm) => Ok(()),
            Some(Accelerator::Tcg) => Ok(substrate.require(Feature::Emulation)?),
            None => Ok(probe::open_device(substrate).map(drop)?),
        }
    }

    /// The accelerator for machines of a kind, with the verdict of the probe where there is a choice.
    pub(crate) async fn accelerator(
        &self,
        substrate: Substrate,
        jail: JailMode,
        (kernel, initramfs, boot_ranges): (&Kernel, &Path, Option<BootRanges>),
    ) -> Result<(Accelerator, Option<probe::Verdict>), Error> {
        if substrate != Substrate::Qemu {
            self.check_kvm(substrate)?;
            return Ok((Accelerator::Kvm, None));
        }
        let verdict = probe::accelerator(&probe::Request {
            qemu: &self.qemu().await?.clone().with_jail(jail),
            kernel,
            initramfs,
            boot_ranges,
            verdict_file: &self.settings.cache.join("accelerator.json"),
            forced: self.settings.accelerator,
            refresh: false,
        })
        .await?;
        Ok((verdict.accelerator, Some(verdict)))
    }

    /// Refuses what the hypervisor of a request cannot do, before anything is fetched.
    pub(crate) fn check_hypervisor(&self, request: &RunRequest) -> Result<(), Error> {
        let substrate = request.substrate;
        self.check_kvm(substrate)?;
        if !request.folders.is_empty() {
            substrate.require(Feature::Folders)?;
        }
        let network = &request.network;
        let wants = !matches!(network.mode, None | Some(NetworkMode::None));
        if wants || network.learn || !network.publish.is_empty() {
            substrate.require(Feature::Network)?;
        }
        Ok(())
    }
}

/// Refuses a way to begin that the hypervisor does not know.
pub(crate) fn check_boot(substrate: Substrate, boot: Boot) -> Result<(), Error> {
    match boot {
        Boot::Template => Ok(substrate.require(Feature::Templates)?),
        Boot::Auto | Boot::Cold => Ok(()),
    }
}

impl From<Unsupported> for Error {
    fn from(unsupported: Unsupported) -> Self {
        Self::Vm(unsupported.into())
    }
}
