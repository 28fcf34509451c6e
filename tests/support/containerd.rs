//! containerd, for tests that are root.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const LOST_STREAM: &str = "rpc error: code = Internal desc = unexpected EOF";

/// A daemon of its own. Dropping it ends it.
pub(crate) struct Containerd {
    folder: TempDir,
    process: Child,
}

impl Containerd {
    /// Starts it; containerd is for root only.
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
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new("containerd")
            .arg("--config")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("containerd is installed");
        let containerd = Self { folder, process };
        for _ in 0..200 {
            let output = containerd.command(&["version"]).output().unwrap();
            if output.status.success() {
                return Some(containerd);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(containerd.folder.path().join("log")).unwrap();
        panic!("containerd did not start:\n{log}");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ctr");
        command.arg("--address").arg(self.socket()).args(arguments);
        command
    }

    pub(crate) fn ctr(&self, arguments: &[&str]) -> String {
        let socket = self.socket();
        let mut all = vec!["--address", socket.to_str().unwrap(), "--namespace", "test"];
        all.extend(arguments);
        for _ in 0..3 {
            let output = Command::new("ctr").args(&all).output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            // Under load, ctr now and then loses a stream of its own daemon: this is gRPC between the
            // two, no answer of the registry.
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

impl Drop for Containerd {
    fn drop(&mut self) {
        end(&mut self.process, self.folder.path());
    }
}

/// Asks a daemon to end, and makes it after a while.
pub(crate) fn end(process: &mut Child, folder: &Path) {
    let id = rustix::process::Pid::from_child(process);
    // It may have ended already.
    let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    for _ in 0..100 {
        if process.try_wait().is_ok_and(|status| status.is_some()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = process.kill();
    let _ = process.wait();
    if std::thread::panicking() {
        let log = std::fs::read_to_string(folder.join("log"));
        eprintln!("the daemon's log:\n{}", log.unwrap_or_default());
    }
}
