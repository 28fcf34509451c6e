//! Tests buildah: an image that is made step by step, pushed, pulled and taken as a base.

use super::registry::Registry;
use super::with_each_scheme;
use crate::support::tool;

#[test]
fn buildah_makes_pushes_and_pulls() {
    with_each_scheme(&["127.0.0.1:0"], |registry, _| {
        let buildah = Buildah { registry };
        let name = format!("{}/acme/step:v1", registry.address);
        std::fs::write(registry.path("one"), "one").unwrap();
        let made = buildah.run(&["from", "scratch"]);
        let made = made.trim();
        let one = registry.path("one");
        buildah.run(&["copy", "-q", made, one.to_str().unwrap(), "/"]);
        buildah.run(&["config", "--label", "made=by-steps", made]);
        buildah.run(&["commit", "-q", "--rm", made, &name]);

        let digest = registry.path("digest");
        let digest_flag = format!("--digestfile={}", digest.display());
        let target = format!("docker://{name}");
        buildah.remote(&["push", "-q"], &[&digest_flag, &name, &target]);
        let pushed = std::fs::read_to_string(digest).unwrap();
        buildah.run(&["rmi", "-f", &name]);

        // By tag, and by digest as the base of another image.
        buildah.remote(&["pull", "-q"], &[&name]);
        let format = "{{.FromImageDigest}} {{.OCIv1.Config.Labels.made}}";
        let inspect = ["inspect", "--type", "image", "--format", format, &name];
        let seen = buildah.run(&inspect);
        assert_eq!(seen.trim(), format!("{} by-steps", pushed.trim()));
        buildah.run(&["rmi", "-f", &name]);
        let base = format!("{}/acme/step@{}", registry.address, pushed.trim());
        let next = buildah.remote(&["from", "-q"], &[&base]);
        let folder = buildah.run(&["mount", next.trim()]);
        let file = std::fs::read_to_string(format!("{}/one", folder.trim()));
        assert_eq!(file.unwrap(), "one");
    });
}

struct Buildah<'a> {
    registry: &'a Registry,
}

impl Buildah<'_> {
    fn run(&self, arguments: &[&str]) -> String {
        let place = |name: &str| self.registry.path(name).to_str().unwrap().to_owned();
        let (root, run) = (place("buildah"), place("buildah-run"));
        let mut all = vec!["--root", &root, "--runroot", &run];
        all.extend(["--storage-driver", "vfs"]);
        all.extend(arguments);
        tool("buildah", &all)
    }

    /// Runs a command that talks to the registry.
    fn remote(&self, command: &[&str], rest: &[&str]) -> String {
        let flags = self.registry.flags();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        self.run(&[command, &flags, rest].concat())
    }
}
