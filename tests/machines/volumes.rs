//! Volumes and memory of machines.

mod mounts;

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use tar::EntryType;

use super::eventually;
use crate::support::{Image, Layer, Lazaret, Output, World, finish, kernel_package};

/// The binary over the home that all tests of machines share, with an image. Each test has volumes of
/// its own.
fn home(image: Image, name: &str) -> (World, Lazaret) {
    let world = World::new();
    let lazaret = world.imported(image, name);
    (world, lazaret)
}

fn sh(lazaret: &Lazaret, flags: &[&str], image: &str, script: &str) -> Output {
    let fixed = ["-q", "run", "--rm"];
    lazaret.run([&fixed, flags, &[image, "sh", "-c", script]].concat())
}

fn remove(lazaret: &Lazaret, names: &[&str]) {
    lazaret.run([&["volume", "rm"], names].concat()).success();
}

fn disk(lazaret: &Lazaret, name: &str) -> PathBuf {
    let described = lazaret.run(["volume", "inspect", name]).json();
    Path::new(described[0]["folder"].as_str().unwrap()).join("disk.ext4")
}

/// What a check of the file system finds that it does not change.
fn check(disk: &Path) -> (bool, String) {
    let mut command = Command::new("e2fsck");
    command.arg("-fn").arg(disk);
    let checked = finish(command);
    (checked.status == Some(0), checked.stdout + &checked.stderr)
}

/// A volume that was closed: nothing wrong, and no journal to be replayed.
fn assert_clean(disk: &Path) {
    let (is_clean, said) = check(disk);
    assert!(is_clean, "{said}");
    assert!(!said.contains("recover"), "{said}");
    let mut dump = Command::new("dumpe2fs");
    dump.arg("-h").arg(disk);
    let header = finish(dump);
    assert!(
        header.stdout.contains("Filesystem state:         clean"),
        "{}",
        header.stdout
    );
    assert!(
        !header.stdout.contains("needs_recovery"),
        "{}",
        header.stdout
    );
}

fn kill(pid: u64) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn what_is_written_to_a_volume_outlives_machines() {
    let (_world, lazaret) = home(Image::busybox(), "outlive");
    let made = lazaret
        .run([
            "volume", "create", "outlive", "--size", "256MiB", "-l", "use=test",
        ])
        .success();
    assert_eq!(made.stdout, "outlive\n");
    // As in Docker, one that is there is no failure.
    lazaret.run(["volume", "create", "outlive"]).success();
    let script = "echo kept > /data/file; ls -a /data; echo unsynced > /data/last";
    let output = sh(&lazaret, &["-v", "outlive:/data"], "outlive", script).success();
    assert_eq!(output.stdout, ".\n..\nfile\n");
    assert_clean(&disk(&lazaret, "outlive"));
    let script =
        "cat /data/deep/er/file /data/deep/er/last; df -k /data/deep/er | busybox tail -n 1";
    let flags = ["--mount", "type=volume,src=outlive,dst=/data/deep/er"];
    let output = sh(&lazaret, &flags, "outlive", script).success().stdout;
    assert!(output.starts_with("kept\nunsynced\n"), "{output}");
    let blocks = output.split_whitespace().nth(3).unwrap();
    assert!(
        (150_000..262_144).contains(&blocks.parse().unwrap()),
        "{output}"
    );

    let flags = ["-v", "outlive:/data:ro"];
    let script = "cat /data/file; touch /data/new; mount -o remount,rw /data; touch /data/new";
    let output = sh(&lazaret, &flags, "outlive", script);
    assert_eq!(output.stdout, "kept\n");
    assert!(output.stderr.contains("Read-only"), "{}", output.stderr);
    assert_ne!(output.status, Some(0));

    // The second machine with so many disks begins from a template, and has its own volumes.
    let two = ["-v", "outlive:/data", "-v", "outlive2:/two"];
    sh(&lazaret, &two, "outlive", "echo 2 > /two/file").success();
    let again = ["-q", "run", "--name", "outlive", "--boot", "template"];
    let words = ["outlive", "sh", "-c", "cat /data/file /two/file"];
    let output = lazaret.run([&again[..], &two, &words].concat()).success();
    assert_eq!(output.stdout, "kept\n2\n");
    let described = lazaret.run(["inspect", "outlive"]).json();
    assert_eq!(described[0]["state"]["begun"], "template");
    assert_eq!(
        described[0]["mounts"],
        serde_json::json!([
            {"type": "volume", "name": "outlive", "target": "/data", "read_only": false, "anonymous": false},
            {"type": "volume", "name": "outlive2", "target": "/two", "read_only": false, "anonymous": false},
        ])
    );
    assert_clean(&disk(&lazaret, "outlive2"));
    lazaret.run(["rm", "outlive"]).success();
    remove(&lazaret, &["outlive", "outlive2"]);
}

#[test]
fn an_empty_volume_gets_what_the_image_has_there_once() {
    let layer = Layer::new()
        .entry("app", EntryType::Directory, 0o2751, (7, 8), "", b"")
        .entry(
            "app/set-uid",
            EntryType::Regular,
            0o4755,
            (7, 8),
            "",
            b"program",
        )
        .entry(
            "app/same",
            EntryType::Link,
            0o4755,
            (7, 8),
            "app/set-uid",
            b"",
        )
        .symlink("app/link", "set-uid")
        .symlink("app/broken", "/nowhere")
        .entry("app/pipe", EntryType::Fifo, 0o620, (1, 2), "", b"")
        .device("app/loop")
        .directory("app/deep", 0o700)
        .xattr("user.colour", b"blue")
        .file("app/deep/file", b"from the image");
    let (_world, lazaret) = home(Image::busybox().layer(layer), "copied");
    let show = "cd /app; find . | sort | while read -r name; do \
                stat -c '%n %F %a %u:%g %h %t:%T %Y' \"$name\"; done; \
                readlink link; readlink broken; cat deep/file";
    let plain = sh(&lazaret, &[], "copied", show).success().stdout;
    assert!(plain.contains("set-uid regular file 4755 7:8 2"), "{plain}");
    let copied = sh(&lazaret, &["-v", "copied:/app"], "copied", show)
        .success()
        .stdout;
    // The number of links of a folder is a matter of the file system.
    let facts = |text: &str| -> Vec<String> {
        let fact = |line: &str| match line.split_once(" directory ") {
            Some((name, rest)) => {
                let words: Vec<&str> = rest.split(' ').collect();
                format!("{name} {} {} {}", words[0], words[1], words[4])
            }
            None => line.to_owned(),
        };
        text.lines().map(fact).collect()
    };
    assert_eq!(facts(&copied), facts(&plain));
    assert_clean(&disk(&lazaret, "copied"));
    // What is removed stays removed, and what is not the image's is not copied.
    sh(&lazaret, &["-v", "copied:/app"], "copied", "rm -r /app/*").success();
    let left = sh(&lazaret, &["-v", "copied:/app"], "copied", "find /app").success();
    assert_eq!(left.stdout, "/app\n");
    let flags = ["-v", "uncopied:/app:nocopy"];
    let left = sh(&lazaret, &flags, "copied", "find /app").success();
    assert_eq!(left.stdout, "/app\n");
    let flags = ["--mount", "type=volume,src=unfilled,dst=/app,readonly"];
    let seen = sh(
        &lazaret,
        &flags,
        "copied",
        "cat /app/deep/file; ! touch /app/x",
    )
    .success();
    assert_eq!(seen.stdout, "from the image");
    remove(&lazaret, &["copied", "uncopied", "unfilled"]);
}

#[test]
fn a_volume_has_one_writer_or_several_readers() {
    let (_world, lazaret) = home(Image::busybox(), "shared");
    let start = |name: &str, volume: &str| {
        let fixed = ["-q", "run", "-d", "--name", name, "-v", volume];
        lazaret.run([&fixed[..], &["shared", "sleep", "1000"]].concat())
    };
    start("shared-writer", "shared:/shared-data").success();
    start("shared-other", "shared:/shared-data").fails(125, &["'shared'", "'shared-writer'"]);
    start("shared-other", "shared:/shared-data:ro").fails(125, &["'shared-writer'"]);
    assert_eq!(
        lazaret
            .run(["ps", "-aq", "--filter", "name=shared-other"])
            .stdout
            .trim(),
        "",
        "nothing is left of a machine that was refused"
    );
    let listed = |filter: &str| {
        lazaret
            .run(["ps", "-q", "--filter", filter])
            .success()
            .stdout
            .trim()
            .lines()
            .count()
    };
    assert_eq!(listed("volume=shared"), 1);
    assert_eq!(listed("volume=/shared-data"), 1);
    assert_eq!(listed("volume=other"), 0);
    lazaret
        .run(["volume", "rm", "shared"])
        .fails(7, &["'shared-writer'"]);
    lazaret.run(["stop", "-t", "0", "shared-writer"]).success();
    lazaret
        .run(["volume", "rm", "shared"])
        .fails(7, &["'shared-writer'"]);

    start("shared-one", "shared:/shared-data:ro").success();
    start("shared-two", "shared:/shared-data:ro").success();
    lazaret
        .run(["start", "shared-writer"])
        .fails(7, &["'shared'", "shared-one", "shared-two"]);
    lazaret
        .run(["rm", "-f", "shared-one", "shared-two"])
        .success();
    lazaret.run(["start", "shared-writer"]).success();
    lazaret.run(["rm", "-f", "shared-writer"]).success();
    assert_clean(&disk(&lazaret, "shared"));
    remove(&lazaret, &["shared"]);
    lazaret
        .run(["volume", "rm", "shared"])
        .fails(4, &["shared"]);
    assert_eq!(
        lazaret
            .run(["volume", "rm", "--force", "shared"])
            .success()
            .stdout,
        ""
    );
}

#[test]
fn a_volume_survives_the_death_of_its_holder() {
    let (_world, lazaret) = home(Image::busybox(), "torn");
    let script = "echo first > /data/first; sync; \
                  while :; do n=$((n+1)); echo $n > /data/$((n % 50)); mkdir -p /data/d$n; done";
    let run = [
        "-q",
        "run",
        "-d",
        "--name",
        "torn",
        "-v",
        "torn:/data",
        "torn",
        "sh",
        "-c",
    ];
    lazaret.run([&run[..], &[script]].concat()).success();
    eventually("it has written", || {
        let seen = lazaret.run([
            "exec",
            "torn",
            "test",
            "-e",
            "/data/first",
            "-a",
            "-e",
            "/data/d20",
        ]);
        seen.status == Some(0)
    });
    let described = lazaret.run(["inspect", "torn"]).json();
    let emulator = described[0]["state"]["pid"].as_u64().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{emulator}/status")).unwrap();
    let parent = status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))
        .unwrap();
    kill(parent.trim().parse().unwrap());
    eventually("it is lost", || {
        let listed = lazaret
            .run(["ps", "-a", "--format", "json", "-f", "name=torn"])
            .json();
        listed[0]["state"] == "lost"
    });
    // Only a writer can replay the journal.
    let flags = ["-v", "torn:/data:ro"];
    sh(&lazaret, &flags, "torn", "true").fails(125, &["'torn'", "journal"]);
    let seen = sh(&lazaret, &["-v", "torn:/data"], "torn", "cat /data/first").success();
    assert_eq!(seen.stdout, "first\n");
    assert_clean(&disk(&lazaret, "torn"));
    lazaret.run(["rm", "torn"]).success();
    remove(&lazaret, &["torn"]);
}

#[test]
fn a_volume_is_closed_although_the_kernel_holds_it() {
    let (_world, lazaret) = home(Image::busybox(), "held");
    // A deleted file that a killed process has open, and a program that runs from the volume.
    let script = "busybox cp /bin/busybox /data/sleep; /data/sleep 1000 & exec 3> /data/open; rm /data/open; \
                  yes | head -c 20000000 >&3; umount -l /data";
    let flags = ["-v", "held:/data"];
    sh(&lazaret, &flags, "held", script).success();
    assert_clean(&disk(&lazaret, "held"));
    remove(&lazaret, &["held"]);
}

#[test]
fn volumes_without_a_name_go_with_their_machine() {
    // A home of its own, where no other test makes volumes.
    let world = World::new();
    let lazaret = world.lazaret();
    let kernel = kernel_package().unwrap();
    let layout = Image::busybox().write(&world.path("layout"));
    lazaret
        .run(["kernel", "import", kernel.to_str().unwrap()])
        .success();
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), "unnamed"])
        .success();
    let names = || -> Vec<String> {
        let listed = lazaret.run(["volume", "ls", "-q"]).success().stdout;
        let unnamed = listed.lines().filter(|name| name.len() == 64);
        unnamed.map(str::to_owned).collect()
    };
    assert!(names().is_empty());
    sh(&lazaret, &["-v", "/data"], "unnamed", "echo > /data/x").success();
    assert!(names().is_empty());
    let create = |name: &str| {
        let run = [
            "-q", "create", "--name", name, "-v", "/data", "unnamed", "true",
        ];
        lazaret.run(run).success();
    };
    create("unnamed-one");
    create("unnamed-two");
    create("unnamed-three");
    assert_eq!(names().len(), 3);
    lazaret.run(["rm", "-v", "unnamed-one"]).success();
    assert_eq!(names().len(), 2);
    lazaret.run(["rm", "unnamed-two"]).success();
    assert_eq!(names().len(), 2);
    lazaret.run(["volume", "create", "unnamed-kept"]).success();
    let name = lazaret.run(["volume", "create"]).success().stdout;
    assert_eq!(name.trim().len(), 64);
    remove(&lazaret, &[name.trim()]);
    let would = lazaret
        .run(["volume", "prune", "--dry-run", "--format", "json"])
        .json();
    assert_eq!(would["volumes"].as_array().unwrap().len(), 1);
    lazaret.run(["volume", "prune", "--force"]).success();
    assert_eq!(names().len(), 1);
    lazaret.run(["rm", "--volumes", "unnamed-three"]).success();
    assert!(names().is_empty());
    let pruned = lazaret
        .run(["volume", "prune", "--all", "--filter", "name=unnamed-kept"])
        .success();
    assert!(
        pruned.stdout.starts_with("unnamed-kept\n"),
        "{}",
        pruned.stdout
    );
}

#[test]
fn volumes_are_made_listed_and_described() {
    let (_world, lazaret) = home(Image::busybox(), "listed");
    lazaret
        .run([
            "volume",
            "create",
            "--label",
            "tier=listed",
            "listed-a",
            "--size",
            "64",
        ])
        .success();
    lazaret
        .run([
            "-q",
            "create",
            "--name",
            "listed",
            "-v",
            "listed-b:/b",
            "listed",
            "true",
        ])
        .success();
    let listed = |filters: &[&str]| {
        let listed = lazaret.run([&["volume", "ls", "-q"], filters].concat());
        listed.success().stdout
    };
    assert_eq!(listed(&["--filter", "label=tier=listed"]), "listed-a\n");
    assert_eq!(
        listed(&["-f", "label=tier", "-f", "name=listed"]),
        "listed-a\n"
    );
    let ours = ["-f", "name=listed-"];
    assert_eq!(listed(&ours), "listed-a\nlisted-b\n");
    assert_eq!(
        listed(&[&ours[..], &["-f", "dangling=true"]].concat()),
        "listed-a\n"
    );
    assert_eq!(
        listed(&[&ours[..], &["-f", "dangling=false"]].concat()),
        "listed-b\n"
    );
    let table = lazaret.run(["volume", "ls"]).success().stdout;
    assert!(
        table.starts_with("NAME ") && table.contains("64.0 MiB"),
        "{table}"
    );
    let described = lazaret
        .run(["volume", "inspect", "listed-a", "listed-b"])
        .json();
    assert_eq!(described[0]["labels"]["tier"], "listed");
    assert_eq!(described[0]["size"], 64 << 20);
    assert_eq!(described[1]["machines"], serde_json::json!(["listed"]));
    let usage = lazaret.run(["system", "df", "--format", "json"]).json();
    let rows = usage.as_array().unwrap();
    let row = rows.iter().find(|row| row["kind"] == "volumes").unwrap();
    assert!(
        row["count"].as_u64().unwrap() >= 2 && row["bytes"].as_u64().unwrap() > 0,
        "{row}"
    );
    lazaret
        .run(["volume", "inspect", "missing"])
        .fails(4, &["missing"]);
    lazaret.run(["volume", "create", "-a"]).fails(2, &["-a"]);
    lazaret.run(["volume", "create", "a/b"]).fails(2, &["a/b"]);
    lazaret
        .run(["volume", "create", "small", "--size", "1MiB"])
        .fails(2, &["64 MiB"]);
    lazaret.run(["rm", "listed"]).success();
    remove(&lazaret, &["listed-a", "listed-b"]);
}
