//! Tests of what containers promise to the programs in them: PID 1, names, folders, variables,
//! signals, and the end of the machine.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Image, Layer, Lazaret, World};

/// Imports `image` under `name` into the home of all machines.
fn imported(world: &World, image: Image, name: &str) -> Lazaret {
    let layout = image.write(&world.path(name));
    let lazaret = world.machine();
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), name])
        .success();
    lazaret
}

fn shell<'a>(name: &'a str, script: &'a str) -> [&'a str; 7] {
    ["-q", "run", name, "--", "sh", "-c", script]
}

#[test]
fn the_workload_is_pid_1_and_sees_nothing_of_the_guests_own() {
    let world = World::new();
    let lazaret = imported(&world, Image::busybox(), "pid-one");
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
fn a_workload_that_stops_the_machine_ends_the_run() {
    let world = World::new();
    let lazaret = imported(&world, Image::busybox(), "stopped");
    for command in ["halt -f", "poweroff -f", "reboot -f"] {
        let script = format!("{command}; sleep 1000");
        lazaret
            .run(shell("stopped", &script))
            .fails(125, &["the machine ended before the workload did"]);
    }
}

#[test]
fn names_are_those_of_the_machine_whatever_the_image_has() {
    let world = World::new();
    let image = Image::busybox().layer(
        Layer::new()
            .file("etc/hosts", b"127.0.0.1 localhost builder\n")
            .file("etc/hostname", b"builder\n"),
    );
    let lazaret = imported(&world, image, "names");
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
    let lazaret = imported(&world, image, "volumes");
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
    let lazaret = imported(&world, image, "variables");
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

/// A signal that the workload handles is its own affair; one that it does not ends it, although
/// it is PID 1; one while the machine starts ends that.
#[test]
fn signals_do_what_they_would_do_to_the_program_itself() {
    let world = World::new();
    let lazaret = imported(&world, Image::busybox(), "signals");
    let trap = "trap 'echo got; exit 42' USR1; echo up; while :; do sleep 0.1; done";
    for (script, signal, status) in [
        (trap, Signal::USR1, 42),
        (trap, Signal::TERM, 143),
        ("echo up; exec sleep 1000", Signal::HUP, 129),
        ("echo up; exec sleep 1000", Signal::USR2, 140),
    ] {
        let mut command = lazaret.command(shell("signals", script));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        kill_process(pid, signal).unwrap();
        let ended = child.wait().unwrap();
        assert_eq!(ended.code(), Some(status), "{signal:?}: {script}");
    }
}
