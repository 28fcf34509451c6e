//! containerd through `ctr`: everything, by digest.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::registry::Registry;
use super::with_each_scheme;
use crate::support::tool;

#[test]
fn containerd_pushes_and_pulls() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        let hosts = write_hosts(registry);
        let hosts = hosts.to_str().unwrap();
        let credentials = registry.credentials();
        let remote = |command: &[&str], rest: &[&str]| {
            let mut arguments = command.to_vec();
            arguments.extend(["--hosts-dir", hosts]);
            if let Some(credentials) = &credentials {
                arguments.extend(["--user", credentials]);
            }
            arguments.extend(rest);
            containerd.ctr(&arguments)
        };
        // Names of what is imported: the base with the tag of the layout.
        let archive = registry.path("archive.tar");
        let archive = archive.to_str().unwrap();
        tool(
            "tar",
            &[
                "-cf",
                archive,
                "-C",
                content.layout().to_str().unwrap(),
                ".",
            ],
        );
        let base = format!("{}/acme/all", registry.address);
        let import = ["images", "import", "--no-unpack", "--all-platforms"];
        containerd.ctr(&[&import[..], &["--base-name", &base, archive]].concat());
        for (name, digest) in content.all() {
            let name = format!("{base}:{name}");
            remote(&["images", "push"], &[&name]);
            assert_eq!(containerd.digest_of(&name), digest.to_string());
        }
        let names = containerd.ctr(&["images", "ls", "-q"]);
        let mut remove = vec!["images", "rm", "--sync"];
        remove.extend(names.lines());
        containerd.ctr(&remove);
        assert_eq!(
            containerd.ctr(&["content", "ls", "-q"]).trim(),
            "",
            "nothing is left"
        );
        for (name, digest) in content.all() {
            let name = format!("{base}:{name}");
            // An artifact is no file system: it is fetched, not unpacked.
            remote(&["content", "fetch", "--all-platforms"], &[&name]);
            assert_eq!(containerd.digest_of(&name), digest.to_string());
        }
        let name = format!("{base}:image");
        remote(&["images", "pull", "--snapshotter", "native"], &[&name]);
        let check = containerd.ctr(&["images", "check", "--snapshotter", "native"]);
        let line = check.lines().find(|line| line.starts_with(&name)).unwrap();
        assert!(
            line.contains("complete") && line.ends_with("true"),
            "{check}"
        );
    });
}

fn write_hosts(registry: &Registry) -> PathBuf {
    let hosts = registry.path("hosts");
    let folder = hosts.join(&registry.address);
    std::fs::create_dir_all(&folder).unwrap();
    let certificates = registry.certificates();
    let certificates = certificates.display();
    let host = format!("https://{}", registry.address);
    let mut text =
        format!("server = \"{host}\"\n[host.\"{host}\"]\nca = \"{certificates}/ca.crt\"\n");
    if registry.certificates().join("client.cert").exists() {
        text += &format!(
            "client = [[\"{certificates}/client.cert\", \"{certificates}/client.key\"]]\n"
        );
    }
    std::fs::write(folder.join("hosts.toml"), text).unwrap();
    hosts
}

/// A daemon of its own. Dropping it ends it.
struct Containerd {
    folder: TempDir,
    process: Child,
}

impl Containerd {
    /// Starts it; containerd is for root only.
    fn start() -> Option<Self> {
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

    fn ctr(&self, arguments: &[&str]) -> String {
        let socket = self.socket();
        let mut all = vec!["--address", socket.to_str().unwrap(), "--namespace", "test"];
        all.extend(arguments);
        tool("ctr", &all)
    }

    fn digest_of(&self, name: &str) -> String {
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
pub(super) fn end(process: &mut Child, folder: &Path) {
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
