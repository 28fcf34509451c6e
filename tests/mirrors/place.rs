//! A mirror with its configuration, and a folder that is the root of container engines.

use std::path::PathBuf;

use lazaret_testing::server::Server;

use crate::support::World;

/// A mirror of `upstream.test` and `docker.io`, which is ended when dropped.
pub(super) struct Place {
    pub(super) world: World,
    pub(super) address: String,
    server: Option<Server>,
}

impl Place {
    /// Starts a mirror whose upstreams are at an address. `more` are lines of its configuration.
    pub(super) fn start(upstream: &str, more: &str) -> Self {
        let world = World::new();
        let text = format!(
            "listen = [\"127.0.0.1:0\"]\nroot = \"content\"\n{more}\n\
             [[upstreams]]\nnamespace = \"upstream.test\"\nendpoints = [\"http://{upstream}\"]\n\
             [[upstreams]]\nnamespace = \"docker.io\"\nendpoints = [\"http://{upstream}\"]\n\
             virtual_hosts = [\"127.0.0.1\"]\n"
        );
        world.write("mirror.toml", text);
        let mut place = Self {
            world,
            address: "127.0.0.1:0".to_owned(),
            server: None,
        };
        place.serve();
        place
    }

    /// Starts the mirror again, at the same address.
    pub(super) fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        self.serve();
    }

    fn serve(&mut self) {
        let arguments = ["mirror", "start", "--config", "mirror.toml", "--listen"];
        let mut command = self
            .world
            .lazaret()
            .command(arguments.into_iter().chain([&self.address[..]]));
        let log = self.world.path("mirror.log");
        let started = Server::announced(&mut command, &log, 1);
        let (server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
        let address = lines[0].strip_prefix("listening on http://").unwrap();
        address.clone_into(&mut self.address);
        self.server = Some(server);
    }

    /// Writes the configuration of an engine below a root of its own, and returns that.
    pub(super) fn install(&self, engine: &str) -> PathBuf {
        let root = self.world.path("node");
        std::fs::create_dir_all(&root).unwrap();
        let mirror = format!("http://{}", self.address);
        let flags = ["mirror", "install", "--config", "mirror.toml", "--mirror"];
        let rest = [&mirror[..], engine, "--fs-root", "node"];
        let installed = self.world.lazaret().run(flags.into_iter().chain(rest));
        installed.success();
        root
    }
}
