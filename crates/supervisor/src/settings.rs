//! What the caller resolved from flags, environment and files.

use std::ffi::OsString;
use std::path::PathBuf;

use lazaret_client::CredentialFiles;
use lazaret_vm::Accelerator;

/// Everything that the operations need to know about their surroundings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of what is kept: images, disks, kernels.
    pub data: PathBuf,
    /// Folder of what can be found out again: the accelerator's verdict, initramfs archives.
    pub cache: PathBuf,
    /// Folder of what lives as long as a command: machines, ephemeral registries.
    pub runtime: PathBuf,
    /// Catalogue files, asked in this order.
    pub catalogues: Vec<PathBuf>,
    /// Where registry credentials are looked up.
    pub credentials: CredentialFiles,
    /// Further `host[:port]`s that are spoken to over plain HTTP.
    pub plain_http: Vec<String>,
    /// Speak plain HTTP to every registry that is addressed.
    pub plain_http_all: bool,
    /// PEM files with further certificate authorities.
    pub ca_files: Vec<PathBuf>,
    /// Where programs are looked for (`PATH`).
    pub search_path: OsString,
    /// The accelerator to use; `None` probes.
    pub accelerator: Option<Accelerator>,
    /// Time stamp, in seconds since the epoch, of what is packed (`SOURCE_DATE_EPOCH`).
    pub source_date_epoch: Option<u64>,
}
