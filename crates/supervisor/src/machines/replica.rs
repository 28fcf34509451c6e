//! Makes machines that begin as copies of a saved one.

use std::path::{Path, PathBuf};

use lazaret_vm::{Qemu, Template};

use super::begin::Origin;
use super::record::{Named, Options, Spec};
use super::{disks, saved};
use crate::Error;
use crate::checkpoint_error::CheckpointError;
use crate::integrations::RunRecord;

/// A machine that is to begin as a copy.
#[derive(Debug)]
pub(crate) struct Replica {
    /// What the saved machine is.
    pub(crate) spec: Spec,
    /// The folder in which it was saved.
    pub(crate) folder: PathBuf,
    /// Name of the checkpoint, if it is one.
    pub(crate) checkpoint: Option<String>,
    /// How the copy is held.
    pub(crate) options: Options,
    /// Another host name.
    pub(crate) hostname: Option<String>,
    /// The QEMU that will execute it.
    pub(crate) qemu: Qemu,
    /// The boot image of its kernel.
    pub(crate) kernel: PathBuf,
    /// The initramfs.
    pub(crate) initramfs: PathBuf,
    /// The folder of the user's templates.
    pub(crate) templates: PathBuf,
    /// The folder of the user's volumes.
    pub(crate) volumes: PathBuf,
}

impl Replica {
    /// Writes the disks to the folder of the new machine; returns what it is.
    pub(super) fn lay_out(self, folder: &Path, named: Named) -> Result<Spec, Error> {
        let saved = self.spec;
        let mut launch = saved.launch.clone();
        self.qemu.path().clone_into(&mut launch.qemu);
        self.qemu.version().clone_into(&mut launch.qemu_version);
        launch.boot_image = self.kernel;
        launch.initramfs = self.initramfs;
        launch.templates = self.templates;
        launch.volumes = self.volumes;
        if let Some(network) = &mut launch.network {
            // Those of the other machine are taken: the host chooses.
            for port in &mut network.ports {
                port.host = 0;
            }
        }
        if let Some(services) = RunRecord::read(&self.folder)? {
            services.write(folder)?;
        }
        disks::duplicate(&launch.disks, &saved::disks(&self.folder), folder)?;
        let memory = saved::memory(&self.folder);
        // Said now, and not by the holder when the machine is there.
        let key = self.qemu.template_key(&launch.plan(folder)?)?;
        match Template::check_record(&memory, &key) {
            Err(lazaret_vm::Error::Template { reason, .. }) => {
                return Err(CheckpointError::Differs {
                    name: self.checkpoint.unwrap_or(saved.name),
                    reason,
                }
                .into());
            }
            checked => checked?,
        }
        let mut boot = saved.boot;
        if let Some(hostname) = self.hostname {
            boot.hostname = hostname;
        }
        let mut options = self.options;
        options.stop_signal = options.stop_signal.or(saved.options.stop_signal);
        // The workload's input stays as it was.
        options.interactive = saved.options.interactive;
        let mut spec = Spec::new(
            named,
            options,
            (saved.image, saved.image_digest),
            launch,
            boot,
        );
        // It is not the machine's own any more.
        spec.volumes = saved.volumes;
        for volume in &mut spec.volumes {
            volume.anonymous = false;
        }
        spec.from = Some(Origin {
            checkpoint: self.checkpoint,
            machine: saved.id,
            machine_name: saved.name,
            memory: std::path::absolute(&memory).map_err(Error::io("find", &memory))?,
        });
        Ok(spec)
    }
}
