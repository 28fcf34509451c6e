//! What a run takes of a document: a kernel, a guest image, or both.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use lazaret_variants::{Document, Selector};

use super::serial;

/// Words of a machine's command line that its hypervisor needs to be as they are.
const OF_HYPERVISORS: [&str; 10] = [
    "console",
    "earlycon",
    "earlyprintk",
    "init",
    "panic",
    "pci",
    "reboot",
    "root",
    "rootfstype",
    "rootflags",
];

/// Names of a document in a run.
#[derive(Debug, Clone)]
pub struct NamedRequest {
    /// The document.
    pub document: Document,
    /// The variant of both.
    pub selector: Selector,
    /// Whether `kernel` of the request is a name of the document.
    pub has_kernel: bool,
    /// The guest image, if one is run instead of an image.
    pub guest_image: Option<String>,
    /// Further words of the kernel's command line.
    pub kernel_args: String,
    /// The port on which a guest image's agent is told to listen.
    pub control_port: Option<u32>,
    /// Further disks: files of this host that stay.
    pub disks: Vec<PathBuf>,
}

impl NamedRequest {
    /// The words of the kernel's command line. Of the machine's own, those stay out that say how a
    /// hypervisor ends or shows the machine, or what the root is: they are of this run.
    pub(super) fn words(&self, hostname: &str, read_only: bool) -> Vec<String> {
        let is_kept = |word: &&str| {
            let name = word.split('=').next().unwrap_or(word);
            !OF_HYPERVISORS.contains(&name) && !matches!(name, "ro" | "rw")
        };
        let words = self.kernel_args.split_ascii_whitespace().filter(is_kept);
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        if self.guest_image.is_none() {
            return words;
        }
        let (root, scratch) = (serial::ROOT, serial::SCRATCH);
        words.extend([
            format!("root=serial={root}"),
            "rootfstype=ext4".to_owned(),
            "init=/init".to_owned(),
            format!("port.hostname={hostname}"),
        ]);
        words.extend(
            self.control_port
                .map(|port| format!("port.guest_control_port={port}")),
        );
        if !read_only {
            words.extend([
                "port.rootfs_overlay=1".to_owned(),
                format!("port.rootfs_overlay_device=serial={scratch}"),
            ]);
        }
        words
    }
}
