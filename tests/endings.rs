//! Tests that every run ends, and how: by signals, by a machine that stops, with a hostile guest,
//! on a full disk. `LAZARET_TORTURE_ROUNDS` repeats each test.

mod full_disk;
mod hostile;
mod inits;
mod signals;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lazaret_testing::machine::PATIENCE;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Image, World, rounds};

/// Longest time between a demand that a guest does not hear and the end, on a busy host.
const SOON: Duration = Duration::from_secs(20);

fn shell<'a>(name: &'a str, script: &'a str) -> [&'a str; 8] {
    ["-q", "run", "--rm", name, "--", "sh", "-c", script]
}

/// A started `lazaret run`, which is killed when dropped.
struct Run {
    child: Child,
    lines: Receiver<String>,
}

impl Run {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A test that has ended does not read on.
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The next line of the workload.
    #[track_caller]
    fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        line.expect("a line of the workload")
    }

    /// Waits until this process has a handler for a signal, which would end it before.
    fn handles(&self, signal: Signal) {
        let file = format!("/proc/{}/status", self.child.id());
        let is_caught = || {
            let status = std::fs::read_to_string(&file).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
            mask & 1 << (signal.as_raw() - 1) != 0
        };
        let start = Instant::now();
        while !is_caught() {
            assert!(start.elapsed() < SOON, "no handler for {signal:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for the end, which must come soon; returns the exit status.
    #[track_caller]
    fn status(mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < SOON, "it did not end within {SOON:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_workload_that_stops_the_machine_ends_the_run() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "stopped");
    for _ in 0..rounds(1) {
        for command in ["halt -f", "poweroff -f", "reboot -f"] {
            let script = format!("{command}; sleep 1000");
            lazaret
                .run(shell("stopped", &script))
                .fails(125, &["the machine ended before the workload did"]);
        }
    }
}
