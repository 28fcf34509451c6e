//! The lane of a variant: whether it can be built here, decided before anything is begun. It comes from
//! the selector alone, never from a path.

#[cfg(test)]
mod tests;

use lazaret_variants::{Architecture, Artifact, KernelOrigin, ProtectionMode, Selector, Substrate};
use lazaret_vm::kernel::{BootForm, Entry};

use super::guest::GuestSettings;
use crate::build_error::BuildError;

/// A checkout beside this folder that has the protected kernel, as Port looks for it.
const SIBLING_FLAKE: &str = "../pvm-builds";

/// What the user's environment says about builds.
#[derive(Debug, Clone, Default)]
pub struct BuildSettings {
    /// The flake of the protected kernel, for kernels that name no source of it.
    pub pvm_flake: Option<String>,
    /// About guest images.
    pub guest: GuestSettings,
}

/// Checks that a variant can be built on this host; returns it with its architecture resolved.
pub(super) fn check(selector: Selector) -> Result<Selector, BuildError> {
    let resolved = selector.resolved()?;
    let shown = || resolved.to_string();
    let is_protected = resolved.protection_mode == ProtectionMode::Pvm;
    if is_protected && resolved.architecture == Architecture::Aarch64 {
        return Err(BuildError::ResearchOnly { selector: shown() });
    }
    if !resolved.is_supported() {
        return Err(BuildError::Unprotected { selector: shown() });
    }
    if Architecture::of_this_machine() != Some(resolved.architecture) {
        return Err(BuildError::Foreign {
            selector: shown(),
            wanted: resolved.architecture.to_string(),
            native: std::env::consts::ARCH,
        });
    }
    Ok(resolved)
}

/// The source of a kernel's variant. The protected lane never gets that of another one.
pub(super) fn source(
    artifact: &Artifact,
    selector: Selector,
    settings: &BuildSettings,
) -> Result<KernelOrigin, BuildError> {
    if let Some(source) = artifact.recipe.kernel_source(selector) {
        return Ok(source.origin.clone());
    }
    let is_protected = selector.protection_mode == ProtectionMode::Pvm;
    let sibling = || {
        let there = std::path::Path::new(SIBLING_FLAKE)
            .join("flake.nix")
            .is_file();
        there.then(|| SIBLING_FLAKE.to_owned())
    };
    match settings.pvm_flake.clone().or_else(sibling) {
        Some(reference) if is_protected => Ok(KernelOrigin::Flake {
            reference,
            output: None,
        }),
        _ => Err(BuildError::NoSource {
            kind: artifact.kind.as_str(),
            name: artifact.name.clone(),
            selector: selector.to_string(),
        }),
    }
}

/// How a hypervisor enters a kernel.
pub(super) fn entry(substrate: Substrate) -> Entry {
    match substrate {
        Substrate::Qemu | Substrate::CloudHypervisor => Entry::Pvh,
        Substrate::Firecracker | Substrate::Avf => Entry::Any,
    }
}

/// Why a hypervisor does not boot a kernel of this form, if it does not.
pub(super) fn refuses(substrate: Substrate, form: BootForm) -> Option<&'static str> {
    match (substrate, form) {
        (Substrate::Firecracker, BootForm::BzImage) => Some(
            "it is a packed kernel that cannot be unpacked here, and Firecracker boots unpacked ones",
        ),
        (Substrate::Qemu | Substrate::CloudHypervisor, BootForm::Vmlinux { pvh: false }) => {
            Some("it has no PVH entry, by which this hypervisor starts an unpacked kernel")
        }
        _ => None,
    }
}

/// An artifact or a variant that the document does not have.
pub(super) fn unknown(error: lazaret_variants::Error) -> BuildError {
    BuildError::Variant(error)
}
