//! Tests of the kernel that comes by itself, with a package tool that the test has put into `PATH`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Image, Lazaret, World, finish, kernel_package};

/// A folder with `apt-cache` and `apt-get`, and the log of what they were asked.
struct Apt {
    folder: PathBuf,
}

/// Knows the package in any list, and hands out the file that the test has.
const WORKS: &str = "cp \"$(dirname \"$0\")/package\" linux-image-6.1.0_amd64.deb";

impl Apt {
    /// `knows` decides whether the lists have the package, `download` is what `apt-get download` does.
    fn new(world: &World, knows: &str, download: &str) -> Self {
        let folder = world.path("bin");
        let script = |name: &str, body: &str| {
            let path = world.write(&format!("bin/{name}"), format!("#!/bin/sh\n{body}\n"));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        let log = folder.join("log");
        let log = log.display();
        let depends = "echo 'x'; echo '  Depends: linux-image-6.1.0-57-cloud-amd64'";
        script(
            "apt-cache",
            &format!(
                "if {knows}; then {depends}; else echo 'E: No packages found' >&2; exit 100; fi"
            ),
        );
        script(
            "apt-get",
            &format!("echo \"$@\" >> {log}; case \"$*\" in *download*) {download} ;; esac"),
        );
        let _replaced = std::fs::remove_file(folder.join("package"));
        std::os::unix::fs::symlink(kernel_package().unwrap(), folder.join("package")).unwrap();
        Self { folder }
    }

    fn command(&self, lazaret: &Lazaret, arguments: &[&str]) -> Command {
        let path = format!(
            "{}:{}",
            self.folder.display(),
            std::env::var("PATH").unwrap()
        );
        with_path(lazaret, &path, arguments)
    }

    /// What was asked of `apt-get` with this word.
    fn asked(&self, word: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines = log.lines().filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    }
}

fn with_path(lazaret: &Lazaret, path: &str, arguments: &[&str]) -> Command {
    let mut command = lazaret.command(arguments);
    command.env("PATH", path);
    command.env("LAZARET_ACCELERATOR", "tcg");
    command.env_remove("LAZARET_KERNEL_SOURCE");
    command
}

/// Whether nothing of a download is left in the home.
fn is_clean(home: &Path) -> bool {
    let left = finish({
        let mut find = Command::new("find");
        find.arg(home)
            .args(["-name", "*.deb", "-o", "-name", "apt"]);
        find
    });
    left.success().stdout.is_empty()
}

#[test]
fn the_first_run_fetches_a_kernel_once() {
    let world = World::new();
    let lazaret = world.lazaret();
    let layout = Image::busybox().write(&world.path("zero"));
    let import = ["image", "import", layout.to_str().unwrap(), "zero"];
    lazaret.run(import).success();
    let apt = Apt::new(&world, "true", WORKS);
    let run = [
        "run",
        "--rm",
        "--boot",
        "cold",
        "zero",
        "cat",
        "/proc/sys/kernel/ostype",
    ];
    let (run, setup) = std::thread::scope(|scope| {
        let run = scope.spawn(|| finish(apt.command(&lazaret, &run)));
        let setup = scope.spawn(|| finish(apt.command(&lazaret, &["setup"])));
        (
            run.join().unwrap().success(),
            setup.join().unwrap().success(),
        )
    });
    assert_eq!(run.stdout, "Linux\n");
    assert!(setup.stdout.contains("kernel  yes"), "{setup:?}");
    assert!(setup.stdout.contains("qemu    yes"), "{setup:?}");
    assert_eq!(apt.asked("download").len(), 1);
    assert!(apt.asked("update").is_empty());
    // The one that fetched it says so.
    let said = [&run.stderr, &setup.stderr];
    let downloads = said.map(|text| {
        text.matches("downloading linux-image-6.1.0-57-cloud-amd64")
            .count()
    });
    assert_eq!(downloads.iter().sum::<usize>(), 1, "{said:?}");
    let told = run.stderr.contains("machines have the kernel") || setup.stdout.contains("apt-get");
    assert!(told, "{run:?} {setup:?}");
    assert!(is_clean(&world.path("home")));
    let json = finish(apt.command(&lazaret, &["setup", "--format", "json"])).success();
    let parts: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(parts[1]["part"], "kernel");
    assert_eq!(parts[1]["ready"], true);
    assert_eq!(apt.asked("download").len(), 1, "there is one by now");
}

#[test]
fn missing_lists_are_fetched_into_a_folder_of_ours() {
    let world = World::new();
    let lazaret = world.lazaret();
    let apt = Apt::new(&world, "[ \"${*#*Dir::State::Lists=}\" != \"$*\" ]", WORKS);
    finish(apt.command(&lazaret, &["setup"])).success();
    let update = apt.asked("update");
    assert_eq!(update.len(), 1);
    let home = world.path("home");
    assert!(
        update[0].contains(&format!("Dir::State::Lists={}", home.display())),
        "{update:?}"
    );
    assert!(
        update[0].contains("AllowUnauthenticated=false"),
        "{update:?}"
    );
    assert!(is_clean(&home));
}

#[test]
fn what_cannot_be_fetched_is_said_with_what_to_do() {
    let world = World::new();
    let lazaret = world.lazaret();
    let run = ["run", "--rm", "nothing"];
    // Nothing was asked for when the settings forbid it.
    let apt = Apt::new(
        &world,
        "true",
        "echo 'E: Could not resolve deb.example' >&2; exit 100",
    );
    let mut forbidden = apt.command(&lazaret, &run);
    forbidden.env("LAZARET_KERNEL_SOURCE", "none");
    finish(forbidden).fails(125, &["no kernel is installed", "kernel import"]);
    assert!(apt.asked("").is_empty());
    finish(apt.command(&lazaret, &run)).fails(
        125,
        &[
            "none could be fetched",
            "Could not resolve deb.example",
            "kernel import",
        ],
    );
    assert!(is_clean(&world.path("home")));
    let setup = finish(apt.command(&lazaret, &["setup"]));
    assert!(setup.stdout.contains("kernel  no"), "{setup:?}");
    setup.fails(4, &["missing for machines: kernel", "kernel import"]);
    // No package tool at all, and a package that is none.
    let empty = world.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let none = with_path(&lazaret, empty.to_str().unwrap(), &run);
    finish(none).fails(125, &["there is no apt-cache here", "--host"]);
    let apt = Apt::new(&world, "true", "echo no > linux-image-6.1.0_amd64.deb");
    finish(apt.command(&lazaret, &run)).fails(125, &["is not a valid kernel image"]);
    assert!(is_clean(&world.path("home")));
    assert_eq!(
        lazaret
            .run(["kernel", "ls", "-q"])
            .success()
            .stdout
            .lines()
            .count(),
        1
    );
    // One that the settings name.
    let mut named = with_path(&lazaret, empty.to_str().unwrap(), &["setup"]);
    named.env("LAZARET_KERNEL_SOURCE", kernel_package().unwrap());
    let named = finish(named);
    assert!(named.stdout.contains("kernel  yes"), "{named:?}");
    assert!(named.stdout.contains("qemu    no"), "{named:?}");
}
