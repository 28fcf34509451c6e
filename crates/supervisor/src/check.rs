//! What this host gives to machines, and what it lacks.

mod finding;
mod host;

use std::path::Path;

use lazaret_files::free_bytes;
use lazaret_values::Chain;
use lazaret_vm::kernel::Kernel;
use lazaret_vm::{JailMode, JailPart, Qemu, Substrate, probe};

pub use self::finding::{Check, Finding, Status, Subject};
use crate::machines::templates;
use crate::settings::KernelOrigin;
use crate::{Error, Home, blocking, initramfs};

/// Room on the host's disk below which machines are in danger, in bytes.
const LITTLE_ROOM: u64 = 2 << 30;

impl Home {
    /// Looks at everything that machines use. It starts QEMU in its jail, and a guest if KVM was never
    /// tried; it changes nothing but what is remembered of that.
    ///
    /// # Errors
    /// When a store cannot be read. What is missing is no error.
    pub async fn check(&self) -> Result<Check, Error> {
        let mut check = Check {
            runs: true,
            findings: Vec::new(),
        };
        let qemu = match self.qemu().await {
            Ok(qemu) => {
                let found = format!("{} at {}", qemu.version(), qemu.path().display());
                check.add(Subject::Qemu, Status::Ok, found);
                Some(qemu.clone())
            }
            Err(error) => {
                check.add(Subject::Qemu, Status::Missing, Chain(&error).to_string());
                None
            }
        };
        let fetches = self.settings.kernel_origin != KernelOrigin::Never;
        let kernel = match self.kernels.default_kernel() {
            Ok(kernel) => {
                let others = self.kernels.ls()?.len().saturating_sub(1);
                check.add(
                    Subject::Kernel,
                    Status::Ok,
                    format!("{}, and {others} more", kernel.name),
                );
                Some(kernel)
            }
            Err(lazaret_vm::Error::NoKernel) if fetches => {
                let found = "none yet: the first run fetches one";
                check.add(Subject::Kernel, Status::Warning, found);
                None
            }
            Err(error) => {
                check.add(Subject::Kernel, Status::Missing, Chain(&error).to_string());
                None
            }
        };
        check.runs = qemu.is_some() && (kernel.is_some() || fetches);
        if let Some(qemu) = qemu {
            let uses_kvm = self.check_accelerator(&mut check, &qemu, kernel).await?;
            jail(&mut check, &qemu.with_jail(JailMode::Auto), uses_kvm).await;
        }
        self.check_hypervisors(&mut check).await;
        self.check_host(&mut check)?;
        Ok(check)
    }

    /// Whether machines run under KVM.
    async fn check_accelerator(
        &self,
        check: &mut Check,
        qemu: &Qemu,
        kernel: Option<Kernel>,
    ) -> Result<bool, Error> {
        let Some(kernel) = kernel else {
            check.add(
                Subject::Accelerator,
                Status::Warning,
                "not tried without a kernel",
            );
            return Ok(false);
        };
        let (of, cache) = (kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&of, &cache)).await?;
        let verdict = probe::accelerator(&probe::Request {
            qemu,
            kernel: &kernel,
            initramfs: &initramfs,
            boot_ranges: None,
            verdict_file: &self.settings.cache.join("accelerator.json"),
            forced: self.settings.accelerator,
            refresh: false,
        })
        .await?;
        let uses_kvm = verdict.accelerator == lazaret_vm::Accelerator::Kvm;
        let (status, found) = match uses_kvm {
            true => (Status::Ok, format!("kvm: {}", verdict.reason)),
            false => (
                Status::Warning,
                format!(
                    "tcg, emulation, no wall against a hostile guest: {}",
                    verdict.reason
                ),
            ),
        };
        check.add(Subject::Accelerator, status, found);
        if let Some(finding) = check.findings.last_mut() {
            finding.reason = Some(verdict.reason);
        }
        Ok(uses_kvm)
    }

    /// Which hypervisors there are beside QEMU. Machines run without them.
    async fn check_hypervisors(&self, check: &mut Check) {
        for substrate in [Substrate::Firecracker, Substrate::CloudHypervisor] {
            let (status, found) = match self.program(substrate).await {
                Err(error) => (Status::Missing, Chain(&error).to_string()),
                Ok(program) => {
                    let found = format!("{} at {}", program.version, program.path.display());
                    match self.check_kvm(substrate) {
                        Ok(()) => (Status::Ok, found),
                        Err(error) => (Status::Warning, format!("{found}; {}", Chain(&error))),
                    }
                }
            };
            check.add(Subject::Hypervisor(substrate), status, found);
        }
    }

    fn check_host(&self, check: &mut Check) -> Result<(), Error> {
        let (status, found) = host::user_namespaces(Path::new("/proc/sys"));
        check.add(Subject::UserNamespaces, status, found);
        let (status, found) = host::control_groups();
        check.add(Subject::ControlGroups, status, found);
        let templates = templates(&self.templates())?;
        let found = match templates.len() {
            0 => "none yet: the first machine of a kind makes one".to_owned(),
            count => format!("{count} in {}", self.templates().display()),
        };
        check.add(Subject::Templates, Status::Ok, found);
        match host::virtiofs(&self.settings.search_path) {
            Some(path) => check.add(Subject::Virtiofs, Status::Ok, path.display().to_string()),
            None => check.add(Subject::Virtiofs, Status::Missing, "no virtiofsd was found"),
        }
        let room = free_bytes(existing(&self.settings.data));
        let status = match room {
            Some(room) if room >= LITTLE_ROOM => Status::Ok,
            _ => Status::Warning,
        };
        let mebibytes = room.unwrap_or_default() >> 20;
        let found = format!("{mebibytes} MiB free for {}", self.settings.data.display());
        check.add(Subject::DiskSpace, status, found);
        Ok(())
    }
}

/// The jail, part by part.
async fn jail(check: &mut Check, qemu: &Qemu, uses_kvm: bool) {
    match qemu.try_jail(uses_kvm).await {
        Ok(jail) => {
            for part in JailPart::ALL {
                match jail.missing.iter().find(|missing| missing.part == part) {
                    None => check.add(Subject::Jail(part), Status::Ok, part.about()),
                    Some(missing) => {
                        check.add(Subject::Jail(part), Status::Missing, &*missing.reason);
                    }
                }
            }
        }
        Err(error) => {
            check.runs = false;
            let reason = Chain(&error).to_string();
            check.add(Subject::Jail(JailPart::Files), Status::Missing, reason);
        }
    }
}

/// The first folder of a path that exists.
fn existing(path: &Path) -> &Path {
    let mut folders = path.ancestors();
    folders.find(|folder| folder.exists()).unwrap_or(path)
}

#[cfg(test)]
mod tests;
