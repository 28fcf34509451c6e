//! The server as its users start it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::{self, Reply};

/// Longest start that is not called a hang. Promises about speed are not kept here.
const START: Duration = Duration::from_secs(10);

/// A running server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) started_in: Duration,
    log: PathBuf,
}

impl Server {
    /// Starts a server on a folder.
    pub(crate) fn start(root: &Path) -> Self {
        Self::try_start(serve(root), root).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a server by `command`; `place` names its log, which says why it did not start.
    pub(crate) fn try_start(mut command: Command, place: &Path) -> Result<Self, String> {
        let log = place.with_extension("log");
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .and_then(|address| address.parse().ok());
        let failed = |child: &mut Child, why: &str| {
            let _ = child.kill();
            let status = child.wait().unwrap();
            let log = std::fs::read_to_string(&log).unwrap();
            format!("the server {why} ({status}):\n{log}")
        };
        let Some(address) = address else {
            return Err(failed(&mut child, "did not start"));
        };
        match http::send(address, "GET", "/readyz", &[], b"") {
            Ok(reply) if reply.status == 200 => {}
            other => return Err(failed(&mut child, &format!("is not ready: {other:?}"))),
        }
        let started_in = began.elapsed();
        if started_in > START {
            return Err(failed(&mut child, &format!("took {started_in:?} to start")));
        }
        Ok(Self {
            child,
            address,
            started_in,
            log,
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

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for an orderly end that somebody asked for.
    pub(crate) fn wait(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// Most memory it ever had, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kibibytes * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that serves a folder.
pub(crate) fn serve(root: &Path) -> Command {
    let mut command = lazaret(root);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(root);
    command
}

/// The command that deletes what was given up at once; `grace` is for blobs that no manifest
/// names.
pub(crate) fn collect(root: &Path, grace: &str) -> Command {
    let mut command = lazaret(root);
    command
        .args(["registry", "gc", "--garbage-grace", "0s", "--grace", grace])
        .arg("--root")
        .arg(root);
    command
}

/// The binary with an environment that says nothing, and a home beside `root`.
pub(crate) fn lazaret(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", root.with_extension("home"));
    command
}
