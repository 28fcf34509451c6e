//! Names of all environment variables that Lazaret reads or sets.

/// Folder for all data of Lazaret; replaces the XDG folders.
pub(crate) const HOME: &str = "LAZARET_HOME";
/// Further registries (`host[:port]`) that are addressed over plain HTTP, separated by commas.
pub(crate) const PLAIN_HTTP: &str = "LAZARET_PLAIN_HTTP";
/// Registries of loopback (`host:port`) that are addressed with HTTPS, separated by commas.
pub(crate) const TLS: &str = "LAZARET_TLS";
/// Log filter: `warn`, `info`, `debug`, or a `tracing` directive.
pub(crate) const LOG: &str = "LAZARET_LOG";
/// The accelerator: `auto` (the default), `kvm` or `tcg`.
pub(crate) const ACCELERATOR: &str = "LAZARET_ACCELERATOR";
/// Path of Firecracker, instead of the first `firecracker` in the search path.
pub(crate) const FIRECRACKER: &str = "LAZARET_FIRECRACKER";
/// Path of Cloud Hypervisor, instead of the first `cloud-hypervisor` in the search path.
pub(crate) const CLOUD_HYPERVISOR: &str = "LAZARET_CLOUD_HYPERVISOR";
/// How the hypervisor is jailed: `auto` (the default), `require` or `off`.
pub(crate) const JAIL: &str = "LAZARET_JAIL";
/// The kernel that is taken where none is imported: `auto` (the default), `none`, or what `--kernel`
/// takes.
pub(crate) const KERNEL_SOURCE: &str = "LAZARET_KERNEL_SOURCE";
/// Path of the credential file, instead of the one in the configuration folder.
pub(crate) const CREDENTIALS: &str = "LAZARET_CREDENTIALS";
/// Path of a public key, without the signature of which no pack is used.
pub(crate) const PACK_KEY: &str = "LAZARET_PACK_KEY";
/// Whether secrets of integrations are kept in the system's keyring: `auto` (the default) or `off`.
pub(crate) const KEYRING: &str = "LAZARET_KEYRING";
/// Paths of catalogue files, separated by `:`, instead of the one in the configuration folder.
pub(crate) const CATALOGUE: &str = "LAZARET_CATALOGUE";
/// Path of a PEM file with further certificate authorities.
pub(crate) const CA_FILE: &str = "LAZARET_CA_FILE";

/// Variables that the commands `serve` and `registry` read or set.
#[cfg(feature = "serve")]
pub(crate) mod serve {
    /// Set for the child of `registry with`: `host:port` of the ephemeral registry.
    pub(crate) const REGISTRY: &str = "LAZARET_REGISTRY";
    /// Path of the configuration file.
    pub(crate) const CONFIG: &str = "LAZARET_SERVE_CONFIG";
    /// Prefix of the names of all other settings.
    pub(crate) const PREFIX: &str = "LAZARET_SERVE_";
    /// systemd: the socket to which a service reports its state.
    pub(crate) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
}

/// Variables of Port, read as it reads them.
pub(crate) mod port {
    /// Path of BusyBox for guest images.
    pub(crate) const BUSYBOX: &str = "PORT_BUSYBOX_BIN";
    /// Size of guest images: a number of bytes, or one with `K`, `M` or `G` for powers of 1024.
    pub(crate) const IMAGE_SIZE: &str = "PORT_DEMO_GUEST_IMAGE_SIZE";
    /// Flake of the kernel for protected machines.
    pub(crate) const PVM_FLAKE: &str = "PORT_PVM_BUILD_FLAKE_REF";
}

/// Variables of other tools, read as those tools define them.
pub(crate) mod foreign {
    /// The kind of terminal.
    pub(crate) const TERM: &str = "TERM";
    /// No colours in any program's output.
    pub(crate) const NO_COLOR: &str = "NO_COLOR";
    /// The home folder.
    pub(crate) const HOME: &str = "HOME";
    /// XDG base directory of data.
    pub(crate) const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
    /// XDG base directory of configuration.
    pub(crate) const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
    /// XDG base directory of caches.
    pub(crate) const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
    /// XDG base directory of runtime files.
    pub(crate) const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";
    /// D-Bus: the address of the session's bus.
    pub(crate) const DBUS_SESSION_BUS_ADDRESS: &str = "DBUS_SESSION_BUS_ADDRESS";
    /// Docker: the credentials as JSON text.
    pub(crate) const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";
    /// Docker: the folder of `config.json`.
    pub(crate) const DOCKER_CONFIG: &str = "DOCKER_CONFIG";
    /// Podman: the path of the credential file.
    pub(crate) const REGISTRY_AUTH_FILE: &str = "REGISTRY_AUTH_FILE";
    /// systemd: the process for which files were opened.
    pub(crate) const LISTEN_PID: &str = "LISTEN_PID";
    /// systemd: the number of files that were opened, from 3 on.
    pub(crate) const LISTEN_FDS: &str = "LISTEN_FDS";
    /// OpenSSL: the path of the file of authorities that are trusted, instead of the system's.
    pub(crate) const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
    /// OpenSSL: the folders of authorities that are trusted, instead of the system's.
    pub(crate) const SSL_CERT_DIR: &str = "SSL_CERT_DIR";
    /// The folders in which programs are looked for: QEMU and other hypervisors.
    pub(crate) const PATH: &str = "PATH";
    /// Reproducible builds: the time stamp of built files, in seconds since 1970.
    pub(crate) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";
}
