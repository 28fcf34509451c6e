//! Starts the registry of the distribution project, as packaged by Debian.

use std::path::Path;
use std::process::Command;

use crate::program::tool;
use crate::server::{Server, free_ports};

/// A running registry, which is ended when dropped.
#[derive(Debug)]
pub struct DockerRegistry {
    /// Its address, `host:port`, for plain HTTP.
    pub address: String,
    server: Server,
}

impl DockerRegistry {
    /// Starts a registry that stores everything in `folder`. With a user and a password, it refuses
    /// requests with other credentials.
    ///
    /// # Panics
    /// When `docker-registry` (or `htpasswd`, for the user) is not installed or does not start.
    #[must_use]
    pub fn start(folder: &Path, user: Option<(&str, &str)>) -> Self {
        Self::with(folder, user, "")
    }

    /// Starts a registry that mirrors `remote`, a URL.
    ///
    /// # Panics
    /// When `docker-registry` is not installed or does not start.
    #[must_use]
    pub fn proxy(folder: &Path, remote: &str) -> Self {
        Self::with(
            folder,
            None,
            &format!("proxy: {{remoteurl: \"{remote}\"}}\n"),
        )
    }

    fn with(folder: &Path, user: Option<(&str, &str)>, more: &str) -> Self {
        let place = folder.display();
        let authentication = user.map_or_else(String::new, |(name, password)| {
            let line = tool("htpasswd", &["-Bbn", "-C", "5", name, password]);
            std::fs::write(folder.join("htpasswd"), line).expect("the folder can be written");
            format!("auth: {{htpasswd: {{realm: test, path: \"{place}/htpasswd\"}}}}\n")
        });
        // A free port is chosen here, because the program does not print its own choice.
        let [port] = free_ports();
        let address = format!("127.0.0.1:{port}");
        let settings = format!(
            "version: 0.1\n\
             log: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: \"{place}/registry\"}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"{address}\"}}\n{authentication}{more}"
        );
        let file = folder.join("docker-registry.yml");
        std::fs::write(&file, settings).expect("the folder can be written");
        let mut command = Command::new("docker-registry");
        command
            .arg("serve")
            .arg(file)
            .env("OTEL_TRACES_EXPORTER", "none");
        let log = folder.join("docker-registry.log");
        let server = Server::listening(&mut command, &log, &address)
            .unwrap_or_else(|failure| panic!("docker-registry: {failure}"));
        Self { address, server }
    }

    /// The server process.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}
