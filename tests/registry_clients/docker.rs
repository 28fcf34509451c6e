//! Tests dockerd: images, with certificates and passwords from its own files.

use std::path::Path;
use std::process::Command;

use lazaret_testing::server::Server;
use tempfile::TempDir;

use super::content::Content;
use super::registry::{NAME, Registry};
use super::skopeo;
use super::with_each_scheme;
use crate::support::tool;

/// Starts the daemon with other contents of `/etc/docker` and `/etc/hosts`, which only it sees. It
/// trusts any certificate of a host in 127.0.0.0/8, so the registry is at `::1`.
const START: &str = r#"
mkdir -p /etc/docker
mount --bind "$1/etc" /etc/docker
mount --bind "$1/hosts" /etc/hosts
exec dockerd --host "unix://$1/socket" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" \
    --storage-driver vfs --bridge none --iptables=false --ip6tables=false
"#;

#[test]
fn docker_pushes_and_pulls() {
    let Some(docker) = Docker::start() else {
        return;
    };
    with_each_scheme(&["127.0.0.1:0", "[::1]:0"], |registry, content| {
        let port = registry.addresses[1].rsplit_once(':').unwrap().1;
        let host = format!("{NAME}:{port}");
        docker.trust(registry, &host);
        if let Some((user, password)) = &registry.login {
            docker.run(&["login", "-u", user, "-p", password, &host]);
        }
        let name = format!("{host}/acme/image:v1");
        docker.load(content, registry, &name);
        let image = docker.inspect(&name, "{{.Id}}");
        docker.run(&["push", &name]);
        let digest = docker.inspect(&name, "{{index .RepoDigests 0}}");
        docker.run(&["rmi", &name]);
        docker.run(&["pull", &name]);
        assert_eq!(docker.inspect(&name, "{{.Id}}"), image);
        assert_eq!(docker.inspect(&name, "{{index .RepoDigests 0}}"), digest);
        docker.run(&["rmi", &name]);
        docker.run(&["pull", &digest]);
        assert_eq!(docker.inspect(&digest, "{{.Id}}"), image);
        docker.run(&["rmi", &digest]);
        // From an index it pulls only the image of its platform.
        skopeo::push(registry, content, "index");
        let name = format!("{host}/acme/index:v1");
        docker.run(&["pull", &name]);
        assert_eq!(docker.inspect(&name, "{{.Config.Cmd}}"), "[/data/0]");
        assert_eq!(
            docker.inspect(&name, "{{index .RepoDigests 0}}"),
            format!("{host}/acme/index@{}", content.index)
        );
        docker.run(&["rmi", &name]);
    });
}

/// A private daemon, which is ended when dropped.
pub(crate) struct Docker {
    // Declared before `folder`, so that it ends before the folder is removed.
    _server: Server,
    folder: TempDir,
}

impl Docker {
    /// Starts the daemon; `None` if this machine does not allow that.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|_| {})
    }

    /// The same, with files that `prepare` puts into what is its `/etc/docker`.
    pub(crate) fn start_with(prepare: impl FnOnce(&Path)) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: dockerd needs root");
            return None;
        }
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        prepare(&folder.path().join("etc"));
        let hosts = format!("127.0.0.1 localhost\n::1 {NAME}\n");
        std::fs::write(folder.path().join("hosts"), hosts).unwrap();
        let place = folder.path().to_owned();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-euc", START, "start"])
            .arg(&place);
        let answers = || {
            let output = docker(&place, &["version"]).output();
            output.unwrap().status.success()
        };
        match Server::ready(&mut command, &place.join("log"), answers) {
            Ok(server) => Some(Self {
                _server: server.asked_first(),
                folder,
            }),
            Err(failure) if failure.ended.is_some() => {
                eprintln!("skipped: dockerd does not run on this machine: {failure}");
                None
            }
            Err(failure) => panic!("dockerd: {failure}"),
        }
    }

    /// Where it listens, as `DOCKER_HOST` names it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = docker(self.folder.path(), arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn inspect(&self, name: &str, format: &str) -> String {
        let text = self.run(&["image", "inspect", "--format", format, name]);
        text.trim().to_owned()
    }

    /// Installs the certificates for a registry.
    fn trust(&self, registry: &Registry, host: &str) {
        let folder = self.folder.path().join("etc/certs.d").join(host);
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(registry.certificates()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }

    fn load(&self, content: &Content, registry: &Registry, name: &str) {
        let archive = registry.path("archive.tar");
        let source = format!("oci:{}:image", content.layout().display());
        let target = format!("docker-archive:{}:{name}", archive.display());
        tool(
            "skopeo",
            &["--insecure-policy", "copy", "-q", &source, &target],
        );
        self.run(&["load", "-q", "-i", path(&archive)]);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Docker's command-line client with a private configuration folder.
fn docker(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command
        .arg("--config")
        .arg(folder.join("client"))
        .arg("--host")
        .arg(format!("unix://{}", folder.join("socket").display()))
        .args(arguments);
    command
}
