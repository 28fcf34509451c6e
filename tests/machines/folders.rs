//! Folders and files of the host in machines.

mod program;
mod server;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::{Machine, eventually};
use crate::support::{Image, Layer, Lazaret, Output, World};

/// A folder of the host with a file, beside a file that no machine gets.
fn shared(world: &World) -> PathBuf {
    world.write("secret", "secret");
    world.write("shared/file", "of the host\n");
    world.path("shared")
}

fn home(name: &str) -> (World, Lazaret) {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), name);
    (world, lazaret)
}

/// `folder:/x`, with options.
fn at(folder: &Path, rest: &str) -> String {
    format!("{}:{rest}", folder.display())
}

fn sh(lazaret: &Lazaret, flags: &[&str], image: &str, script: &str) -> Output {
    let fixed = ["-q", "run", "--rm"];
    lazaret.run([&fixed, flags, &[image, "sh", "-c", script]].concat())
}

#[test]
fn programs_find_a_folder_as_on_their_own_disk() {
    let world = World::new();
    let program = std::fs::read(program::compile(&world.path(""))).unwrap();
    let layer = Layer::new().program("bin/program", &program);
    let lazaret = world.imported(Image::busybox().layer(layer), "posix");
    let folder = shared(&world);
    let output = sh(
        &lazaret,
        &["-v", &at(&folder, "/x")],
        "posix",
        "mkdir /x/w; program /x/w; echo $?",
    );
    assert_eq!(
        output.stdout,
        "files\nnames\nopen without a name\nlarge\nmapped\nattributes\nmany\n8192\n0\n",
        "{}",
        output.stderr
    );
    // On the host it is the user's, and as large as it has data.
    let own = folder.join("file").metadata().unwrap();
    let large = folder.join("w/large").metadata().unwrap();
    assert_eq!((large.uid(), large.gid()), (own.uid(), own.gid()));
    assert_eq!(large.len(), (5 << 30) + 3);
    assert!(large.blocks() < 1000);
    let mode = folder.join("w/attributes").metadata().unwrap().mode();
    assert_eq!(mode & 0o7000, 0);
}

#[test]
fn a_folder_is_read_only_on_the_host_whoever_asks() {
    let (world, lazaret) = home("bind-ro");
    let folder = shared(&world);
    symlink("../secret", folder.join("out")).unwrap();
    let script = "cat /x/file; echo a > /x/file; mkdir /x/new; rm /x/file; cat /x/out; \
                  mount -o remount,rw /x; echo b > /x/file; echo c >> /x/new";
    let output = sh(&lazaret, &["-v", &at(&folder, "/x:ro")], "bind-ro", script);
    assert_eq!(output.stdout, "of the host\n");
    assert!(output.stderr.contains("Read-only"), "{}", output.stderr);
    let content = std::fs::read(folder.join("file")).unwrap();
    assert_eq!(content, b"of the host\n");
    assert!(!folder.join("new").exists());
}

#[test]
fn several_folders_and_files_are_where_they_are_asked_for() {
    let (world, lazaret) = home("bind-several");
    let folder = shared(&world);
    world.write("other/deep", "other\n");
    let file = world.write("settings", "set\n");
    let long = format!(
        "type=bind,source={},target=/x/inner/other,readonly",
        world.path("other").display()
    );
    let [bound, conf, settings] = [
        at(&folder, "/x"),
        at(&file, "/etc/app.conf:ro"),
        at(&file, "/w/settings"),
    ];
    let flags = [
        &["-v", &bound, "--mount", &long, "-v", &conf][..],
        &["-v", &settings, "-v", "data:/data", "--read-only"],
    ]
    .concat();
    let script = "cat /x/file /x/inner/other/deep /etc/app.conf; echo more >> /w/settings; \
                  echo no >> /etc/app.conf; id -u; stat -c %u:%g /x/file; \
                  echo made > /x/made; stat -c %u:%g:%a /x/made; umask 077; mkdir /x/private";
    let as_worker = [&flags[..], &["--user", "worker"]].concat();
    let output = sh(&lazaret, &as_worker, "bind-several", script);
    assert_eq!(
        output.stdout, "of the host\nother\nset\n1000\n1000:2000\n1000:2000:644\n",
        "{}",
        output.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "set\nmore\n");
    let made = folder.join("made").metadata().unwrap();
    let own = folder.metadata().unwrap();
    assert_eq!((made.uid(), made.gid()), (own.uid(), own.gid()));
    let private = folder.join("private").metadata().unwrap().permissions();
    assert_eq!(private.mode() & 0o777, 0o700);
    lazaret.run(["volume", "rm", "data"]).success();
}

#[test]
fn paths_are_of_the_working_folder_and_must_exist() {
    let (world, lazaret) = home("bind-paths");
    shared(&world);
    let mut command = lazaret.command([
        "-q",
        "run",
        "--rm",
        "-v",
        "./shared:/x",
        "bind-paths",
        "cat",
        "/x/file",
    ]);
    command.current_dir(world.path(""));
    let output = crate::support::finish(command).success();
    assert_eq!(output.stdout, "of the host\n");
    let missing = at(&world.path("missing"), "/x");
    let output = sh(&lazaret, &["-v", &missing], "bind-paths", "true");
    assert_ne!(output.status, Some(0));
    let said = output.stderr;
    assert!(said.contains("no folder or file"), "{said}");
    assert!(
        said.contains("missing") && said.contains("make it first"),
        "{said}"
    );
    assert!(!world.path("missing").exists());
    for kernel in ["/proc", "/dev/null", "/sys/kernel"] {
        let output = sh(
            &lazaret,
            &["-v", &at(Path::new(kernel), "/x")],
            "bind-paths",
            "true",
        );
        assert!(output.stderr.contains(kernel), "{}", output.stderr);
        assert_ne!(output.status, Some(0));
    }
}

#[test]
fn both_sides_see_what_the_other_one_does() {
    let world = World::new();
    let folder = shared(&world);
    let script = "while ! test -e /x/stop; do cat /x/file; sleep 0.2; done; cat /x/stop";
    let machine = Machine::run("bind-live", &["-v", &at(&folder, "/x")], script);
    eventually("the first content", || {
        machine
            .with(&["logs", "{}"])
            .stdout
            .contains("of the host\n")
    });
    std::fs::write(folder.join("file"), "changed\n").unwrap();
    eventually("the changed content", || {
        machine.with(&["logs", "{}"]).stdout.ends_with("changed\n")
    });
    // As editors do.
    std::fs::write(folder.join("new"), "replaced by another file\n").unwrap();
    std::fs::rename(folder.join("new"), folder.join("file")).unwrap();
    eventually("the new file", || {
        machine
            .with(&["logs", "{}"])
            .stdout
            .ends_with("another file\n")
    });
    machine
        .with(&["exec", "{}", "sh", "-c", "echo hi > /x/hi"])
        .success();
    assert_eq!(std::fs::read_to_string(folder.join("hi")).unwrap(), "hi\n");
    std::fs::write(folder.join("stop"), "stopped\n").unwrap();
    machine.wait_for("exited");
    assert!(machine.with(&["logs", "{}"]).stdout.ends_with("stopped\n"));
}

#[test]
fn a_machine_starts_again_with_its_folders_as_long_as_they_are_there() {
    let (world, lazaret) = home("bind-again");
    let folder = shared(&world);
    let bind = at(&folder, "/x:ro");
    let create = ["create", "--name", "bind-again", "-v", &bind, "bind-again"];
    let words = ["sh", "-c", "cat /x/file; echo own > /own"];
    lazaret.run([&create[..], &words].concat()).success();
    for _ in 0..2 {
        let started = lazaret.run(["start", "-a", "bind-again"]).success();
        assert_eq!(started.stdout, "of the host\n");
    }
    let described = lazaret.run(["inspect", "bind-again"]).json();
    let source = folder.canonicalize().unwrap();
    assert_eq!(
        described[0]["mounts"],
        serde_json::json!([
            {"type": "bind", "source": source, "target": "/x", "read_only": true},
        ])
    );
    let changed = lazaret.run(["diff", "bind-again"]).success().stdout;
    assert_eq!(changed, "A /own\n");
    let committed = lazaret.run(["commit", "bind-again", "bind-committed"]);
    committed.success();
    let listed = sh(&lazaret, &[], "bind-committed", "cat /own; ls /x/file");
    assert_eq!(listed.stdout, "own\n");
    std::fs::rename(&folder, world.path("away")).unwrap();
    let refused = lazaret.run(["start", "bind-again"]);
    assert!(
        refused.stderr.contains("no folder or file"),
        "{}",
        refused.stderr
    );
    lazaret.run(["rm", "bind-again"]).success();
}

#[test]
fn a_machine_with_a_folder_begins_from_the_usual_template_and_is_not_saved() {
    let (world, lazaret) = home("bind-template");
    let bind = at(&shared(&world), "/x");
    sh(&lazaret, &["--boot", "template"], "bind-template", "true").success();
    let fixed = ["-q", "run", "-d", "--name", "bind-template"];
    let flags = ["--boot", "template", "-v", &bind, "bind-template"];
    let words = ["sh", "-c", "cat /x/file; sleep 1000"];
    lazaret.run([&fixed[..], &flags, &words].concat()).success();
    eventually("its output", || {
        lazaret.run(["logs", "bind-template"]).stdout == "of the host\n"
    });
    let described = lazaret.run(["inspect", "bind-template"]).json();
    assert_eq!(described[0]["state"]["begun"], "template");
    for command in [
        &["checkpoint", "create", "bind-template", "bind-saved"][..],
        &["fork", "bind-template"],
    ] {
        let refused = lazaret.run(command);
        assert_ne!(refused.status, Some(0));
        let said = refused.stderr;
        assert!(
            said.contains("of this host") && said.contains("shared"),
            "{said}"
        );
    }
    lazaret.run(["rm", "-f", "bind-template"]).success();
}
