//! Kills the processes around a machine: what is left tells the truth.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::{Machine, eventually};
use crate::support::{Image, World};

fn kill(pid: u64) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// The process id of the emulator of a machine, and that of its holder.
fn processes(machine: &Machine) -> (u64, u64) {
    let described = machine.with(&["inspect", "{}"]).json();
    let emulator = described[0]["state"]["pid"].as_u64().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{emulator}/status")).unwrap();
    let parent = status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))
        .unwrap();
    (emulator, parent.trim().parse().unwrap())
}

fn is_alive(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn a_killed_emulator_or_holder_is_a_lost_machine_that_starts_again() {
    let machine = Machine::run("killed-parts", &[], "exec sleep 1000");
    let bystander = Machine::run("bystander", &[], "exec sleep 1000");
    let (emulator, holder) = processes(&machine);
    kill(emulator);
    machine.wait_for("lost");
    eventually("the holder ends with its emulator", || !is_alive(holder));
    machine.with(&["start", "{}"]).success();
    let (emulator, holder) = processes(&machine);
    kill(holder);
    eventually("the emulator ends with its holder", || !is_alive(emulator));
    // The emulator follows the thread that started it; the lock goes with the last thread.
    machine.wait_for("lost");
    machine.with(&["exec", "{}", "true"]).fails(125, &["lost"]);
    machine.with(&["start", "{}"]).success();
    machine.with(&["exec", "{}", "true"]).success();
    bystander.with(&["exec", "{}", "true"]).success();
}

#[test]
fn a_detached_machine_outlives_its_command_line_and_an_attached_one_does_not() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "bound");
    let mut child = lazaret
        .command([
            "-q", "run", "--rm", "--name", "bound", "bound", "sleep", "1000",
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let state = || {
        lazaret
            .run(["ps", "--format", "json", "-f", "name=bound"])
            .json()
    };
    eventually("it runs", || state()[0]["state"] == "running");
    kill(child.id().into());
    child.wait().unwrap();
    eventually("it has gone", || {
        lazaret
            .run(["ps", "-aq", "-f", "name=bound"])
            .stdout
            .is_empty()
    });

    let machine = Machine::run("unbound", &[], "exec sleep 1000");
    let mut attached = machine
        .lazaret
        .command(["attach", "unbound"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    attached.kill().unwrap();
    attached.wait().unwrap();
    let mut exec = machine
        .lazaret
        .command(["exec", "unbound", "sleep", "77777"]);
    let mut exec = exec.stdout(Stdio::null()).spawn().unwrap();
    let runs = || {
        let processes = machine.with(&["exec", "{}", "ps"]).success().stdout;
        processes.contains("sleep 77777")
    };
    eventually("the command runs", &runs);
    exec.kill().unwrap();
    exec.wait().unwrap();
    eventually("a command ends with its client", || !runs());
    assert_eq!(machine.state(), "running");
}
