//! Tests that nothing is left behind after processes were killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Image, World, machine_home};

fn machines() -> Vec<String> {
    let folder = machine_home().join("data/machines");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Number of QEMU processes whose command line contains `marker`.
fn emulators(marker: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| line.contains("qemu-system") && line.contains(marker))
        .count()
}

fn start(world: &World) -> (Child, BufReader<ChildStdout>) {
    let layout = Image::busybox().write(&world.path("layout"));
    let lazaret = world.machine();
    lazaret
        .run(["image", "import", layout.to_str().unwrap(), "killed:v1"])
        .success();
    let mut child = lazaret
        .command([
            "-q",
            "run",
            "--rm",
            "killed:v1",
            "--",
            "sh",
            "-c",
            "trap 'echo caught; exit 9' INT; echo up; while true; do sleep 1; done",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut line = String::new();
    // The caller keeps it: a workload that writes without a reader gets SIGPIPE.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "up\n");
    (child, stdout)
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_killed_run_leaves_nothing_once_the_next_command_has_run() {
    let world = World::new();
    let (mut child, _stdout) = start(&world);
    let folder = machine_home().join("data/machines");
    let mine: Vec<String> = machines()
        .into_iter()
        .filter(|name| emulators(folder.join(name).to_str().unwrap()) == 1)
        .collect();
    assert!(!mine.is_empty());
    signal(&child, rustix::process::Signal::KILL);
    child.wait().unwrap();
    world.machine().run(["image", "ls"]).success();
    // Other tests run machines of their own at the same time.
    eventually("a machine survived its killed parent", || {
        mine.iter().any(|name| {
            emulators(folder.join(name).to_str().unwrap()) == 0 && !folder.join(name).exists()
        })
    });
}

#[test]
fn an_interrupt_reaches_the_workload_and_its_answer_is_the_exit_status() {
    let world = World::new();
    let (mut child, _stdout) = start(&world);
    signal(&child, rustix::process::Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(9));
}
