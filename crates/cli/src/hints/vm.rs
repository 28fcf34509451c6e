//! Hints for failures of machines, kernels and the probe.

use lazaret_vm::Error;
use lazaret_vm::probe::Reason;

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
        Error::Jail { .. } => {
            "`lazaret system check` tells what this host lacks; `--jail auto` goes \
                              without it"
                .into()
        }
        Error::TooManyDisks { .. } => "mount fewer artifacts, or join them in one".into(),
        _ => return None,
    })
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
