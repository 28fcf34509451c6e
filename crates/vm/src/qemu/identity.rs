//! The identity of the machines that can be started from one template.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Qemu, arguments};
use crate::template::{FORMAT, Fields, TemplateKey};
use crate::{Accelerator, BootRange, Error, LaunchPlan};

impl Qemu {
    /// The key of the template for machines of this plan: what their guest's memory and devices are
    /// made of. Which disks they have does not count, only how many.
    ///
    /// Files count by path, size and time of their last change: kernels and initramfs lie in stores
    /// that never change them. It blocks on what describes these files.
    ///
    /// # Errors
    /// [`Error::Io`] when one of the files is missing.
    pub fn template_key(&self, plan: &LaunchPlan) -> Result<TemplateKey, Error> {
        let (kernel, initramfs) = match &plan.boot_ranges {
            None => (file(&plan.kernel)?, file(&plan.initramfs)?),
            // Whatever file they come from, they are compared with their hashes before they boot.
            Some(ranges) => (hash(&ranges.kernel), hash(&ranges.initramfs)),
        };
        let mut fields = Fields::from(
            [
                ("format", FORMAT.to_string()),
                ("version of QEMU", self.version().to_owned()),
                ("QEMU", file(self.path())?),
                ("accelerator", plan.accelerator.to_string()),
                ("memory", format!("{} MiB", plan.memory_mib)),
                (
                    "processor",
                    arguments::processor(plan.accelerator).to_owned(),
                ),
                ("number of processors", plan.cpus.to_string()),
                ("number of disks", plan.disks.len().to_string()),
                ("kernel", kernel),
                ("initramfs", initramfs),
                ("command line", arguments::command_line(plan)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if let Some(network) = &plan.network {
            let device = format!("{} with packets of {} bytes", network.mac, network.mtu);
            fields.insert("network".to_owned(), device);
        }
        // The guest sees the host's processor, and QEMU restores what this host's KVM has.
        if plan.accelerator == Accelerator::Kvm {
            fields.insert("host".to_owned(), host()?);
        }
        Ok(TemplateKey::new(fields))
    }
}

/// Kernel and processor of this host.
fn host() -> Result<String, Error> {
    let path = Path::new("/proc/cpuinfo");
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let first = text.lines().take_while(|line| !line.trim().is_empty());
    let traits = ["model name", "microcode", "flags"];
    let mut words: Vec<&str> = first
        .filter(|line| traits.iter().any(|name| line.starts_with(name)))
        .collect();
    let kernel = rustix::system::uname();
    let release = kernel.release().to_string_lossy();
    words.push(&release);
    Ok(words.join("; "))
}

fn hash(range: &BootRange) -> String {
    format!("sha256:{}", range.sha256)
}

/// A file by path, size and time of its last change.
fn file(path: &Path) -> Result<String, Error> {
    let metadata: Metadata = std::fs::metadata(path).map_err(Error::io("find", path))?;
    let (size, seconds, nanoseconds) = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    Ok(format!(
        "{} ({size} bytes of {seconds}.{nanoseconds:09})",
        path.display()
    ))
}
