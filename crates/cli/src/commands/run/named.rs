//! The flags of `run` and `create` that name kernels and guest images of a document.

use std::path::{Path, PathBuf};

use lazaret_supervisor::{Home, NamedRequest, lane_of};
use lazaret_variants::{Architecture, ProtectionMode, Selector};

use crate::commands::artifacts::which::{self, DOCUMENT};
use crate::context::Context;
use crate::failure::Failure;

/// Kernels and guest images of a document.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct NamedFlags {
    /// Guest image to boot instead of an image, by its name in the document; what follows is the command
    /// in it
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub(crate) guest_image: Option<String>,
    /// Protection mode of the kernel and guest image of the document: `standard` or `pvm`
    #[arg(long, value_name = "MODE")]
    protection_mode: Option<ProtectionMode>,
    /// Document with kernels and guest images [default: port.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl NamedFlags {
    /// What is named in a document, if anything is. A kernel of the user's own goes before one of a
    /// document that no flag asks for.
    pub(super) fn request(
        self,
        context: &Context,
        home: &Home,
        kernel: Option<&str>,
        hypervisor: lazaret_supervisor::Substrate,
    ) -> Result<Option<NamedRequest>, Failure> {
        let is_asked_for =
            self.guest_image.is_some() || self.protection_mode.is_some() || self.config.is_some();
        let is_own = |name: &str| -> Result<bool, Failure> {
            Ok(home.kernels()?.iter().any(|kernel| kernel.name == name))
        };
        let path = self.config.unwrap_or_else(|| DOCUMENT.into());
        if !is_asked_for {
            match kernel {
                Some(name) if Path::new(&path).is_file() && !is_own(name)? => {}
                _ => return Ok(None),
            }
        }
        let document = which::document(context, &path)?;
        let in_document = kernel.is_some_and(|name| document.kernels.contains_key(name));
        // Whoever asks for a protection mode never gets a kernel that has none.
        let has_kernel = in_document || (kernel.is_some() && self.protection_mode.is_some());
        Ok(Some(NamedRequest {
            document,
            selector: Selector {
                architecture: Architecture::Native,
                substrate: lane_of(hypervisor),
                protection_mode: self.protection_mode.unwrap_or(ProtectionMode::Standard),
            },
            has_kernel,
            guest_image: self.guest_image,
            kernel_args: String::new(),
            control_port: None,
            disks: Vec::new(),
        }))
    }
}
