//! Starts the servers that are measured.

use std::path::Path;

use lazaret_testing::docker_registry::DockerRegistry;
use lazaret_testing::server::Server as Program;

use super::tools::Bench;

/// Logs are discarded, because their cost is not measured.
const NO_LOG: &str = "/dev/null";

/// A running server, which is ended when dropped.
pub(super) struct Server {
    program: Kind,
    pub(super) address: String,
}

enum Kind {
    Lazaret(Program),
    DockerRegistry(DockerRegistry),
}

impl Server {
    /// Starts our own server on a folder below the bench's folder.
    pub(super) fn lazaret(bench: &Bench, folder: &str) -> Result<Self, String> {
        let root = bench.path(folder);
        let mut command = bench.lazaret(&["serve", "--listen", "127.0.0.1:0", "--root", &root]);
        let started = Program::announced(&mut command, Path::new(NO_LOG), 1);
        let (program, lines) = started.map_err(|failure| failure.to_string())?;
        Ok(Self {
            program: Kind::Lazaret(program),
            address: lines[0]
                .trim_start_matches("listening on http://")
                .to_owned(),
        })
    }

    pub(super) fn docker_registry(bench: &Bench) -> Result<Self, String> {
        let folder = bench.folder.join("registry-theirs");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let registry = DockerRegistry::start(&folder, None);
        Ok(Self {
            address: registry.address.clone(),
            program: Kind::DockerRegistry(registry),
        })
    }

    fn program(&self) -> &Program {
        match &self.program {
            Kind::Lazaret(program) => program,
            Kind::DockerRegistry(registry) => registry.server(),
        }
    }

    /// Processor time that it has used, in seconds.
    pub(super) fn cpu(&self) -> f64 {
        self.program().usage().processor.as_secs_f64()
    }

    /// Largest resident memory so far, in MB.
    pub(super) fn peak(&self) -> f64 {
        self.program().usage().peak_memory as f64 / 1e6
    }
}
