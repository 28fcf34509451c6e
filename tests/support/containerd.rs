//! A private containerd, for tests that run as root.

use std::path::PathBuf;
use std::process::Command;

use lazaret_testing::server::Server;
use tempfile::TempDir;

const LOST_STREAM: &str = "rpc error: code = Internal desc = unexpected EOF";

/// A private daemon, which is ended when dropped.
pub(crate) struct Containerd {
    socket: PathBuf,
    // Declared before `_folder`, so that it ends before the folder is removed.
    _server: Server,
    _folder: TempDir,
}

impl Containerd {
    /// Starts the daemon; `None` unless run as root.
    pub(crate) fn start() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: containerd needs root");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let place = folder.path().display();
        let settings = format!(
            "version = 2\nroot = \"{place}/root\"\nstate = \"{place}/state\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.snapshotter.v1.devmapper\"]\n\
             [grpc]\naddress = \"{place}/socket\"\n"
        );
        let file = folder.path().join("config.toml");
        std::fs::write(&file, settings).unwrap();
        let socket = folder.path().join("socket");
        let answers = || {
            let mut version = Command::new("ctr");
            version.arg("--address").arg(&socket).arg("version");
            version.output().is_ok_and(|output| output.status.success())
        };
        let mut command = Command::new("containerd");
        let started = Server::ready(
            command.arg("--config").arg(file),
            &folder.path().join("log"),
            answers,
        );
        let server = started.unwrap_or_else(|failure| panic!("containerd: {failure}"));
        Some(Self {
            socket,
            _server: server.asked_first(),
            _folder: folder,
        })
    }

    pub(crate) fn ctr(&self, arguments: &[&str]) -> String {
        let socket = self.socket.to_str().unwrap();
        let mut all = vec!["--address", socket, "--namespace", "test"];
        all.extend(arguments);
        for _ in 0..3 {
            let output = Command::new("ctr").args(&all).output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            // Under load, ctr sometimes loses a stream of its own daemon. This is gRPC between the
            // two, not a response of the registry.
            if !output.status.success() && message.contains(LOST_STREAM) {
                continue;
            }
            assert!(output.status.success(), "ctr {all:?}: {message}");
            return String::from_utf8_lossy(&output.stdout).into_owned();
        }
        panic!("ctr {all:?}: {LOST_STREAM}");
    }

    pub(crate) fn digest_of(&self, name: &str) -> String {
        let list = self.ctr(&["images", "ls", &format!("name=={name}")]);
        let line = list.lines().nth(1).unwrap_or_else(|| panic!("no {name}"));
        line.split_whitespace().nth(2).unwrap().to_owned()
    }
}
