//! Every environment variable that Lazaret reads or sets.

/// Folder for everything Lazaret keeps; replaces the XDG folders.
pub(crate) const HOME: &str = "LAZARET_HOME";
/// Further `host[:port]`s that are spoken to over plain HTTP, separated by commas.
pub(crate) const PLAIN_HTTP: &str = "LAZARET_PLAIN_HTTP";
/// Log filter: `warn`, `info`, `debug`, or a `tracing` directive.
pub(crate) const LOG: &str = "LAZARET_LOG";
/// `auto` (the default), `kvm` or `tcg`.
pub(crate) const ACCELERATOR: &str = "LAZARET_ACCELERATOR";
/// The credential file, instead of the one in the configuration folder.
pub(crate) const CREDENTIALS: &str = "LAZARET_CREDENTIALS";
/// Catalogue files, separated by `:`, instead of the one in the configuration folder.
pub(crate) const CATALOGUE: &str = "LAZARET_CATALOGUE";
/// A file of further certificate authorities, PEM.
pub(crate) const CA_FILE: &str = "LAZARET_CA_FILE";

/// Of the commands `serve` and `registry`, read or set.
#[cfg(feature = "serve")]
pub(crate) mod serve {
    /// Set for the child of `registry with`: `host:port` of the ephemeral registry.
    pub(crate) const REGISTRY: &str = "LAZARET_REGISTRY";
    /// The configuration file.
    pub(crate) const CONFIG: &str = "LAZARET_SERVE_CONFIG";
    /// Begin of the names of all other settings.
    pub(crate) const PREFIX: &str = "LAZARET_SERVE_";
    /// systemd: where a service tells how it is.
    pub(crate) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
}

/// Of other tools, read as they define them.
pub(crate) mod foreign {
    /// Home folder.
    pub(crate) const HOME: &str = "HOME";
    /// XDG base directories.
    pub(crate) const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
    /// XDG base directories.
    pub(crate) const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
    /// XDG base directories.
    pub(crate) const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
    /// XDG base directories.
    pub(crate) const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";
    /// Docker: credentials as JSON text.
    pub(crate) const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";
    /// Docker: folder of `config.json`.
    pub(crate) const DOCKER_CONFIG: &str = "DOCKER_CONFIG";
    /// Podman: the credential file.
    pub(crate) const REGISTRY_AUTH_FILE: &str = "REGISTRY_AUTH_FILE";
    /// Where programs are looked for: QEMU.
    pub(crate) const PATH: &str = "PATH";
    /// Reproducible builds: the time that made things carry.
    pub(crate) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";
}
