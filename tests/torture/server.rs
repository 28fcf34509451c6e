//! Runs the registry as users start it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lazaret_testing::http::{self, Reply};
use lazaret_testing::server::Server as Program;

/// Longest time for a start before it counts as a hang. This is not a test of speed.
const START: Duration = Duration::from_secs(10);

/// A running registry, which is killed when dropped.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    /// Time from the start of the process to its first response.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts a registry on a folder.
    pub(crate) fn start(root: &Path) -> Self {
        Self::try_start(serve(root), root).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a registry with `command`. `place` names its log, which has the reason of a failed
    /// start.
    pub(crate) fn try_start(mut command: Command, place: &Path) -> Result<Self, String> {
        let began = Instant::now();
        let started = Program::announced(&mut command, &place.with_extension("log"), 1);
        let (program, lines) = started.map_err(|failure| failure.to_string())?;
        let address = lines[0].strip_prefix("listening on http://");
        let address = address.and_then(|address| address.parse().ok());
        let failed = |why: &str| format!("the server {why}:\n{}", program.log());
        let address = address.ok_or_else(|| failed("says no address"))?;
        match http::send(address, "GET", "/readyz", &[], b"") {
            Ok(reply) if reply.status == 200 => {}
            other => return Err(failed(&format!("is not ready: {other:?}"))),
        }
        let started_in = began.elapsed();
        if started_in > START {
            return Err(failed(&format!("took {started_in:?} to start")));
        }
        Ok(Self {
            program,
            address,
            started_in,
        })
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        http::send(self.address, method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.program.log()
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(self) {
        self.program.kill();
    }
}

/// The command that serves a folder.
pub(crate) fn serve(root: &Path) -> Command {
    let mut command = lazaret(root);
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--reserve",
            "0B",
            "--root",
        ])
        .arg(root);
    command
}

/// The command that collects content; deleted content is removed at once. `grace` applies to blobs
/// that no manifest names.
pub(crate) fn collect(root: &Path, grace: &str) -> Command {
    let mut command = lazaret(root);
    command
        .args(["registry", "gc", "--garbage-grace", "0s", "--grace", grace])
        .arg("--root")
        .arg(root);
    command
}

/// The binary with an empty environment, and a home beside `root`.
pub(crate) fn lazaret(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", root.with_extension("home"));
    command
}
