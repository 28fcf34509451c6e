//! Settings that the caller has resolved from flags, environment and files.

use std::ffi::OsString;
use std::path::PathBuf;

use lazaret_client::CredentialFiles;
use lazaret_vm::Accelerator;

/// The settings of all operations.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the data to keep: images, disks, kernels.
    pub data: PathBuf,
    /// Folder of data that can be made again: the accelerator's verdict, initramfs archives.
    pub cache: PathBuf,
    /// Folder of data that lives as long as a command: ephemeral registries.
    pub runtime: PathBuf,
    /// Catalogue files, in the order in which they are searched.
    pub catalogues: Vec<PathBuf>,
    /// The files in which registry credentials are looked up.
    pub credentials: CredentialFiles,
    /// Further registries (`host[:port]`) that are addressed over plain HTTP.
    pub plain_http: Vec<String>,
    /// Whether every registry is addressed over plain HTTP.
    pub plain_http_all: bool,
    /// Registries of loopback (`host:port`) that are addressed with TLS.
    pub tls: Vec<String>,
    /// Whether every registry of loopback is addressed with TLS.
    pub tls_all: bool,
    /// Folders with `host[:port]/*.crt`: authorities of single registries.
    pub certs_d: Vec<PathBuf>,
    /// PEM files with further certificate authorities.
    pub ca_files: Vec<PathBuf>,
    /// The folders in which programs are looked for (`PATH`).
    pub search_path: OsString,
    /// The address of the session's bus, over which the system's keyring answers.
    pub session_bus: Option<String>,
    /// The command that holds a machine, without the machine's folder, which is its last argument.
    pub holder: Vec<OsString>,
    /// The variables that say which authorities this host trusts, and their values.
    pub trust: Vec<(&'static str, OsString)>,
    /// What is done when a kernel is needed and none is imported.
    pub kernel_origin: KernelOrigin,
    /// The accelerator to use; with `None` the host is probed.
    pub accelerator: Option<Accelerator>,
    /// The program of Firecracker, instead of the first one in the search path.
    pub firecracker: Option<PathBuf>,
    /// The program of Cloud Hypervisor, in the same way.
    pub cloud_hypervisor: Option<PathBuf>,
    /// Time stamp of packed files (`SOURCE_DATE_EPOCH`), in seconds since 1970.
    pub source_date_epoch: Option<u64>,
}

/// What is done when a kernel is needed and none is imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KernelOrigin {
    /// The first one of a catalogue, else the distribution's is taken.
    #[default]
    Any,
    /// Nothing: that is an error.
    Never,
    /// This one is taken: the name of a catalogue's, a file, or a reference.
    Named(String),
}
