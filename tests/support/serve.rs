//! Runs `lazaret serve` beside a test.

use std::net::SocketAddr;

use lazaret_testing::server::Server;

use super::World;

/// A registry with the world's home, which is killed when dropped.
pub(crate) struct Serve {
    pub(crate) address: SocketAddr,
    _server: Server,
}

impl Serve {
    pub(crate) fn start(world: &World) -> Self {
        let mut command = world
            .lazaret()
            .command(["serve", "--listen", "127.0.0.1:0"]);
        let started = Server::announced(&mut command, &world.path("serve.log"), 1);
        let (server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
        let address = lines[0].strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            _server: server,
        }
    }
}
