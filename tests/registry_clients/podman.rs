//! Tests podman, which builds and pushes with buildah's code.

use super::content::Content;
use super::registry::Registry;
use super::with_each_scheme;
use crate::support::tool;

#[test]
fn podman_builds_pushes_and_pulls() {
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        let podman = Podman { registry };
        podman.image();
        podman.index(content);
    });
}

struct Podman<'a> {
    registry: &'a Registry,
}

impl Podman<'_> {
    fn run(&self, arguments: &[&str]) -> String {
        let place = |name: &str| self.registry.path(name).to_str().unwrap().to_owned();
        let (root, run, temporary) = (place("root"), place("run"), place("tmp"));
        let mut all = vec!["--root", &root, "--runroot", &run, "--tmpdir", &temporary];
        all.extend(["--storage-driver", "vfs"]);
        all.extend(arguments);
        tool("podman", &all)
    }

    /// Runs a command that talks to the registry.
    fn remote(&self, command: &[&str], rest: &[&str]) -> String {
        let flags = self.registry.flags();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.run(&[command, &flags, rest].concat())
    }

    /// Builds an image, pushes and pulls it.
    fn image(&self) {
        let context = self.registry.path("context");
        std::fs::create_dir_all(&context).unwrap();
        std::fs::write(context.join("one"), "one").unwrap();
        std::fs::write(context.join("two"), "two").unwrap();
        let file = "FROM scratch\nCOPY one /\nCOPY two /\nLABEL made=here\n";
        std::fs::write(context.join("Containerfile"), file).unwrap();
        let name = format!("{}/acme/built:v1", self.registry.address);
        let context = context.to_str().unwrap();
        let build = [
            "build",
            "-q",
            "--layers",
            "--isolation",
            "chroot",
            "-t",
            &name,
            context,
        ];
        self.run(&build);
        let digest = self.registry.path("digest");
        let digest_flag = format!("--digestfile={}", digest.display());
        self.remote(&["push", "-q"], &[&digest_flag, &name]);
        let pushed = std::fs::read_to_string(digest).unwrap();
        self.run(&["rmi", "-f", &name]);
        self.remote(&["pull", "-q"], &[&name]);
        let inspect = [
            "image",
            "inspect",
            "--format",
            "{{.Digest}} {{.Labels.made}}",
            &name,
        ];
        assert_eq!(self.run(&inspect).trim(), format!("{} here", pushed.trim()));
        let folder = self.run(&["image", "mount", &name]);
        let two = std::fs::read_to_string(format!("{}/two", folder.trim())).unwrap();
        assert_eq!(two, "two");
    }

    /// Pushes and pulls a manifest list of an existing image and a newly built one.
    fn index(&self, content: &Content) {
        let list = format!("{}/acme/list:v1", self.registry.address);
        let source = format!("oci:{}:image", content.layout().display());
        let built = format!("containers-storage:{}/acme/built:v1", self.registry.address);
        self.run(&["manifest", "create", &list]);
        self.run(&["manifest", "add", &list, &source]);
        self.run(&["manifest", "add", "--arch", "arm64", &list, &built]);
        let target = format!("docker://{list}");
        self.remote(&["manifest", "push", "-q", "--all"], &[&list, &target]);
        self.run(&["manifest", "rm", &list]);
        self.remote(&["pull", "-q", "--arch", "amd64"], &[&list]);
        let command = self.run(&["image", "inspect", "--format", "{{.Config.Cmd}}", &list]);
        assert_eq!(command.trim(), "[/data/0]");
    }
}
