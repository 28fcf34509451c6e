//! Hints for failures of machines, kernels and the probe.

use std::io::ErrorKind;

use lazaret_vm::probe::Reason;
use lazaret_vm::{Error, Feature, Substrate};

/// How Firecracker is had, which few distributions package.
pub(super) const FIRECRACKER: &str = "only `--substrate firecracker` needs it: put `firecracker` of \
    https://github.com/firecracker-microvm/firecracker/releases in PATH, or its path in LAZARET_FIRECRACKER";
/// How Cloud Hypervisor is had.
pub(super) const CLOUD_HYPERVISOR: &str = "only `--substrate cloud-hypervisor` needs it: put \
    `cloud-hypervisor` of https://github.com/cloud-hypervisor/cloud-hypervisor/releases in PATH, or its path in \
    LAZARET_CLOUD_HYPERVISOR";

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::MetaPackage {
            depends: Some(package),
            ..
        } => format!(
            "import the package it depends on: `apt-get download {package}`, then \
             `lazaret kernel import` that file"
        ),
        Error::MetaPackage { depends: None, .. } => {
            "import the package that contains the kernel image instead".into()
        }
        Error::HostKernelMissing { .. } | Error::NoKernel => {
            "import a distribution kernel: `apt-cache depends linux-image-cloud-amd64` names \
             the package, `apt-get download` fetches it on any Debian, `lazaret kernel import` \
             takes the file (or with `--host` this host's own kernel)"
                .into()
        }
        Error::ModulesMissing { .. } => {
            "a distribution's cloud kernel has them, such as Debian's linux-image-cloud-amd64"
                .into()
        }
        Error::KernelName { .. } => {
            "use at most 128 of a-z A-Z 0-9 . _ + - and begin with a letter or digit".into()
        }
        Error::KernelNotFound { known, .. } if known.is_empty() => return hint(&Error::NoKernel),
        Error::KernelNotFound { known, .. } => format!("there are: {}", known.join(", ")),
        Error::KernelExists { .. } => "choose another name with `lazaret kernel pull --name` or \
                                      `kernel import --name`, or remove that one"
            .into(),
        Error::Record { .. } => "remove the kernel and import it again".into(),
        Error::QemuNotFound { .. } => "install QEMU: `apt-get install qemu-system-x86` or \
                                      `dnf install qemu-system-x86-core`"
            .into(),
        Error::HypervisorNotFound { substrate } | Error::HypervisorUnusable { substrate, .. } => {
            match substrate {
                Substrate::Qemu => return None,
                Substrate::Firecracker => FIRECRACKER,
                Substrate::CloudHypervisor => CLOUD_HYPERVISOR,
            }
            .to_owned()
        }
        Error::NoKvm { source, .. } => without_kvm(source.kind()),
        Error::Unsupported(refused) => unsupported(refused.feature).to_owned(),
        Error::Jail { .. } => {
            "`lazaret system check` tells what this host lacks; `--jail auto` goes \
                              without it"
                .into()
        }
        Error::TooManyDisks { .. } => "mount fewer artifacts, or join them in one".into(),
        _ => return None,
    })
}

/// The advice for a hypervisor that runs with KVM only.
fn without_kvm(error: ErrorKind) -> String {
    let reason = match error {
        ErrorKind::NotFound => Some(Reason::NoDevice),
        ErrorKind::PermissionDenied => Some(Reason::PermissionDenied),
        _ => None,
    };
    match reason.as_ref().and_then(accelerator) {
        Some(advice) => format!("{advice}; `--substrate qemu` runs without it"),
        None => "`--substrate qemu` runs without it".to_owned(),
    }
}

/// What to do without something that a hypervisor does not have.
fn unsupported(feature: Feature) -> &'static str {
    match feature {
        Feature::Emulation => "unset LAZARET_ACCELERATOR, or run with `--substrate qemu`",
        Feature::BzImage => {
            "choose another kernel with `--kernel`, or run with `--substrate qemu` or `cloud-hypervisor`"
        }
        Feature::Network => "run with `--substrate qemu`, or without a network: `--network none`",
        Feature::Folders => "run with `--substrate qemu`, or copy files with `lazaret cp`",
        Feature::Templates => "run with `--boot cold`, or with `--substrate qemu`",
        Feature::DiskParts
        | Feature::FileRanges
        | Feature::Checkpoints
        | Feature::Pausing
        | Feature::Processors { .. } => "run with `--substrate qemu`",
    }
}

/// The advice for getting KVM, if there is any.
pub(super) fn accelerator(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::PermissionDenied => Some(
            "join the group that owns /dev/kvm (`sudo usermod -aG kvm $USER`) and log in again",
        ),
        Reason::NoDevice => Some(
            "on a physical machine, enable virtualization in the firmware and load kvm_intel \
             or kvm_amd; in a virtual machine, enable nested virtualization",
        ),
        Reason::Hang { .. } | Reason::Failed { .. } => {
            Some("this host's KVM does not run an ordinary Linux guest")
        }
        Reason::Forced | Reason::KvmWorks | Reason::Unusable { .. } => None,
    }
}
