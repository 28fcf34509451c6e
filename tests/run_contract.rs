//! Tests of what containers promise to the programs in them: PID 1, names, folders, variables. How
//! runs end is tested by `endings`.

use serde_json::json;

use crate::support::{Image, Layer, World};

fn shell<'a>(name: &'a str, script: &'a str) -> [&'a str; 8] {
    ["-q", "run", "--rm", name, "--", "sh", "-c", script]
}

#[test]
fn the_workload_is_pid_1_and_sees_nothing_of_the_guests_own() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "pid-one");
    let script = "echo $$; cat /proc/1/comm; echo by number > /proc/1/fd/1; kill -9 1; \
                  sleep 0.1 & wait; ls -d /proc/[0-9]* | wc -l; sh -c 'kill -9 $$'; echo $?";
    let output = lazaret.run(shell("pid-one", script)).success();
    // Four processes: the shell, `sh` of the pipeline's start, `ls` and `wc` at most.
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines[..3], ["1", "sh", "by number"], "{}", output.stdout);
    let processes: usize = lines[3].parse().unwrap();
    assert!(processes <= 4, "{}", output.stdout);
    assert_eq!(lines[4], "137");
}

#[test]
fn names_are_those_of_the_machine_whatever_the_image_has() {
    let world = World::new();
    let image = Image::busybox().layer(
        Layer::new()
            .file("etc/hosts", b"127.0.0.1 localhost builder\n")
            .file("etc/hostname", b"builder\n"),
    );
    let lazaret = world.imported(image, "names");
    let script = "hostname; echo $HOSTNAME; cat /etc/hostname; grep -cw names /etc/hosts; \
                  grep -c builder /etc/hosts; ping -c 1 names > /dev/null && echo resolved";
    let output = lazaret.run(shell("names", script)).success();
    assert_eq!(output.stdout, "names\nnames\nnames\n2\n0\nresolved\n");
}

#[test]
fn volumes_are_folders_and_writable_in_a_read_only_root() {
    let world = World::new();
    let image = Image::busybox()
        .layer(Layer::new().file("kept/file", b"from the image"))
        .process(|process| {
            for path in ["/data/deep", "/kept"] {
                process.volumes.insert(path.to_owned(), json!({}));
            }
        });
    let lazaret = world.imported(image, "volumes");
    let script = "stat -c %a /data/deep; touch /data/deep/x /kept/x && cat /kept/file";
    let output = lazaret.run(shell("volumes", script)).success();
    assert_eq!(output.stdout, "755\nfrom the image");
    let read_only = [
        "-q",
        "run",
        "--read-only",
        "volumes",
        "--",
        "sh",
        "-c",
        script,
    ];
    let output = lazaret.run(read_only).success();
    assert_eq!(output.stdout, "755\nfrom the image");
}

#[test]
fn a_variable_that_the_host_does_not_have_is_not_passed() {
    let world = World::new();
    let image = Image::busybox().process(|process| {
        process.env = vec!["PATH=/bin".into(), "FROM_IMAGE=1".into()];
    });
    let lazaret = world.imported(image, "variables");
    let run = [
        "-q",
        "run",
        "-e",
        "NOT_SET",
        "-e",
        "FROM_IMAGE",
        "variables",
        "--",
        "env",
    ];
    let output = lazaret.run(run).success();
    assert!(!output.stdout.contains("NOT_SET"), "{}", output.stdout);
    assert!(
        output.stdout.contains("FROM_IMAGE=1\n"),
        "{}",
        output.stdout
    );
}

#[test]
fn more_processors_than_there_are_are_refused_at_once() {
    let world = World::new();
    world
        .machine()
        .run(["run", "--cpus", "4096", "registry.invalid/nothing:v1"])
        .fails(125, &["--cpus '4096'"]);
}
