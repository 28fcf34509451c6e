//! The flags that say which variant of which artifact.

use std::path::{Path, PathBuf};

use lazaret_supervisor::read_port;
use lazaret_variants::{Architecture, Document, ProtectionMode, Selector, Substrate};

use crate::context::Context;
use crate::failure::Failure;

/// The document, where nothing else is said.
pub(crate) const DOCUMENT: &str = "port.toml";

/// Which variant of which artifact.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Document with kernels, guest images and machines
    #[arg(long, value_name = "FILE", default_value = DOCUMENT)]
    pub(crate) config: PathBuf,
    /// Name of a kernel or guest image
    #[arg(long, value_name = "NAME")]
    pub(crate) artifact: String,
    /// `native`, `x86-64` or `aarch64`
    #[arg(long, value_name = "ARCHITECTURE", default_value = "native")]
    architecture: Architecture,
    /// `firecracker`, `cloud-hypervisor`, `avf` or `qemu`
    #[arg(long, value_name = "SUBSTRATE", default_value = "firecracker")]
    substrate: Substrate,
    /// `standard` or `pvm`
    #[arg(long, value_name = "MODE", default_value = "standard")]
    protection_mode: ProtectionMode,
}

impl Which {
    pub(crate) fn selector(&self) -> Selector {
        Selector {
            architecture: self.architecture,
            substrate: self.substrate,
            protection_mode: self.protection_mode,
        }
    }

    pub(crate) fn document(&self, context: &Context) -> Result<Document, Failure> {
        document(context, &self.config)
    }
}

/// Reads a document, and tells the user what it has that is not understood.
pub(crate) fn document(context: &Context, path: &Path) -> Result<Document, Failure> {
    let parsed = read_port(path)?;
    for warning in &parsed.warnings {
        context
            .printer
            .warning(&format!("{}:{warning}", path.display()));
    }
    Ok(parsed.document)
}
