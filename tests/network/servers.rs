//! The servers that unmodified clients talk to, and the image that has the clients: see
//! `tests/network/servers.mjs` and `scripts/clients.sh`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use lazaret_testing::http::Request;
use lazaret_testing::made::made;
use lazaret_testing::server::Server;
use serde_json::Value;

use crate::machines::Machine;
use crate::support::{World, finish, kernel_package};

/// The names of the servers, which lead to a loopback address.
const NAMES: [&str; 9] = [
    "api.test.example",
    "crates.test.example",
    "deb.test.example",
    "git.test.example",
    "go.test.example",
    "npm.test.example",
    "pypi.test.example",
    "api.openai.com",
    "api.anthropic.com",
];

/// The servers, which end when this is dropped.
pub(super) struct Servers {
    /// The address at which they listen.
    address: IpAddr,
    /// The port with TLS.
    https: u16,
    /// The port without.
    http: u16,
    _server: Server,
}

impl Servers {
    /// Starts them at this loopback address and port for TLS; 0 is any free one.
    pub(super) fn start(world: &World, address: &str, https: u16) -> Self {
        let mut command = Command::new("node");
        command
            .arg(tests().join("servers.mjs"))
            .arg(clients())
            .args([address, &https.to_string()]);
        let started = Server::announced(&mut command, &world.path("servers.log"), 1);
        let (server, lines) = started.unwrap_or_else(|failure| panic!("{failure}"));
        let ports: Value = serde_json::from_str(&lines[0]).unwrap();
        let port = |name: &str| u16::try_from(ports[name].as_u64().unwrap()).unwrap();
        Self {
            address: address.parse().unwrap(),
            https: port("https"),
            http: port("http"),
            _server: server,
        }
    }

    /// The requests that they have had.
    pub(super) fn seen(&self) -> Vec<Value> {
        let seen = Request::new("GET", "/seen").send((self.address, self.http).into());
        seen.unwrap().json().as_array().unwrap().clone()
    }
}

/// The folder with the programs of these tests.
fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/network")
}

/// What `scripts/clients.sh` has made.
fn clients() -> PathBuf {
    let folder = made("clients").canonicalize();
    folder.expect("run scripts/clients.sh")
}

/// A machine with the clients, which sleeps under a policy, in the world's own home. Its variables `P` and `H` have the
/// servers' ports with TLS and without. The host trusts the authority of the servers.
pub(super) fn machine(world: World, policy: &str, servers: &Servers, flags: &[&str]) -> Machine {
    let name = "clients";
    let lazaret = world.lazaret();
    let kernel = kernel_package().unwrap();
    lazaret
        .run(["kernel", "import", kernel.to_str().unwrap()])
        .success();
    let image = format!("{}:v1", clients().join("layout").display());
    lazaret
        .run(["image", "import", &image, "clients"])
        .success();
    let file = world.write("policy.yaml", policy);
    let mut all = vec!["-q", "run", "-d", "--name", name, "--memory", "2Gi"];
    all.extend(["--policy", file.to_str().unwrap()]);
    let mut more = vec![
        format!("P={}", servers.https),
        format!("H={}", servers.http),
    ];
    more = more
        .into_iter()
        .flat_map(|pair| ["-e".to_owned(), pair])
        .collect();
    for host in NAMES {
        let led = format!("{host}:{}", servers.address);
        more.extend(["--add-host".to_owned(), led]);
    }
    all.extend(more.iter().map(String::as_str));
    all.extend(flags);
    all.extend(["clients", "sleep", "100000"]);
    let mut command = lazaret.command(all);
    command.env("SSL_CERT_FILE", clients().join("authority/ca.crt"));
    finish(command).success();
    let programs = tests().join("programs");
    let copy = [programs.to_str().unwrap(), "clients:/clients/programs"];
    lazaret.run(["cp", copy[0], copy[1]]).success();
    Machine::running(lazaret, name, world)
}
