//! The process that serves folders: what it may do, and what happens without it.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::{at, shared};
use crate::machines::{Machine, eventually};
use crate::support::World;

/// The process that serves this folder.
fn server_of(folder: &Path) -> Option<i32> {
    let shares = format!("rw:{}", folder.canonicalize().unwrap().display());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|number: &i32| {
        let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.any(|word| word == b"share") && words.any(|word| word == shares.as_bytes())
    })
}

fn status(process: i32, field: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(field));
    value.unwrap().trim_start_matches(':').trim().to_owned()
}

#[test]
fn the_server_is_confined_and_ends_with_its_machine() {
    let world = World::new();
    let folder = shared(&world);
    let script = "cat /x/file; sleep 1000";
    let machine = Machine::run("bind-server", &["-v", &at(&folder, "/x")], script);
    machine.wait_for_logs("of the host\n");
    let server = server_of(&folder).unwrap();
    assert_eq!(status(server, "NoNewPrivs"), "1");
    assert_eq!(status(server, "Seccomp"), "2");
    assert_eq!(status(server, "Threads"), "1");
    // CAP_DAC_OVERRIDE and CAP_FOWNER at most.
    let kept = u64::from_str_radix(&status(server, "CapPrm"), 16).unwrap();
    assert_eq!(kept & !0b1010, 0);
    assert_eq!(status(server, "CapBnd").trim_start_matches('0'), "");
    machine.with(&["rm", "-f", "{}"]).success();
    eventually("the end of the server", || server_of(&folder).is_none());
}

#[test]
fn without_the_server_files_fail_and_the_machine_goes_on() {
    let world = World::new();
    let folder = shared(&world);
    let script = "cat /x/file; while :; do sleep 1; done";
    let machine = Machine::run("bind-lost", &["-v", &at(&folder, "/x")], script);
    machine.wait_for_logs("of the host\n");
    let server = Pid::from_raw(server_of(&folder).unwrap()).unwrap();
    kill_process(server, Signal::KILL).unwrap();
    eventually("an error", || {
        let read = machine.with(&["exec", "{}", "cat", "/x/new"]);
        read.stderr.contains("Input/output error")
    });
    let made = machine.with(&["exec", "{}", "sh", "-c", "echo x > /x/new"]);
    assert!(
        made.stderr.contains("Input/output error"),
        "{}",
        made.stderr
    );
    let other = machine.with(&["exec", "{}", "echo", "alive"]).success();
    assert_eq!(other.stdout, "alive\n");
    assert_eq!(machine.state(), "running");
    // Started again, it has a server again.
    machine.with(&["restart", "-t", "1", "{}"]).success();
    eventually("a second start", || {
        machine.with(&["exec", "{}", "cat", "/x/file"]).stdout == "of the host\n"
    });
}
