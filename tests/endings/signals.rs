//! A signal that the workload handles is its own affair; one that it does not handle ends it,
//! although it is PID 1; one while the machine starts ends that.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use super::{Run, shell};
use crate::support::{Image, Lazaret, World, rounds};

/// Signals that the workload gets, other than demands for an end; whether they end a program that
/// does not handle them.
const OTHERS: [(Signal, &str, bool); 12] = [
    (Signal::USR1, "USR1", true),
    (Signal::USR2, "USR2", true),
    (Signal::ALARM, "ALRM", true),
    (Signal::CONT, "CONT", false),
    (Signal::URG, "URG", false),
    (Signal::XCPU, "XCPU", true),
    (Signal::XFSZ, "XFSZ", true),
    (Signal::VTALARM, "VTALRM", true),
    (Signal::PROF, "PROF", true),
    (Signal::WINCH, "WINCH", false),
    (Signal::IO, "IO", true),
    (Signal::POWER, "PWR", true),
];

/// Signals by which a user or a system demands an end.
const DEMANDS: [(Signal, &str); 4] = [
    (Signal::HUP, "HUP"),
    (Signal::INT, "INT"),
    (Signal::QUIT, "QUIT"),
    (Signal::TERM, "TERM"),
];

fn started(lazaret: &Lazaret, script: &str) -> Run {
    let mut run = Run::start(&mut lazaret.command(shell("signals", script)));
    assert_eq!(run.line(), "up");
    run
}

#[test]
fn a_workload_handles_every_signal() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "signals");
    let names = OTHERS.iter().map(|other| other.1);
    let names = names.chain(DEMANDS.iter().map(|demand| demand.1));
    let mut traps: String = names
        .map(|name| format!("trap 'echo {name}' {name}; "))
        .collect();
    traps += "echo up; while [ ! -e /end ]; do sleep 0.1; done; exit 7";
    for _ in 0..rounds(1) {
        // A second demand in a row would end the machine, so each has a run of its own.
        for (number, (demand, name)) in DEMANDS.into_iter().enumerate() {
            let ending = format!("'touch /end; echo {name}' {name}");
            let script = traps.replace(&format!("'echo {name}' {name}"), &ending);
            let mut run = started(&lazaret, &script);
            let others = OTHERS.iter().skip(number * 3).take(3);
            for (signal, name, _) in others {
                run.signal(*signal);
                assert_eq!(run.line(), *name);
            }
            run.signal(demand);
            assert_eq!(run.line(), name);
            assert_eq!(run.status(), Some(7), "{name}");
        }
    }
}

#[test]
fn a_signal_that_is_not_handled_ends_the_workload() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "signals");
    let deadly = OTHERS.into_iter().filter(|other| other.2);
    let deadly = deadly.map(|(signal, name, _)| (signal, name));
    let all: Vec<_> = DEMANDS.into_iter().chain(deadly).collect();
    // By default, a sample: one demand, one other.
    let step = if rounds(1) == 1 { 4 } else { 1 };
    for _ in 0..rounds(1) {
        for (signal, name) in all.iter().copied().step_by(step) {
            // Its answer shows that it runs. A shell catches signals, and may lose one at `exec`.
            let mut command = lazaret.command(["-q", "run", "--rm", "-i", "signals", "cat"]);
            let mut run = Run::start(command.stdin(Stdio::piped()));
            let mut stdin = run.child.stdin.take().unwrap();
            stdin.write_all(b"up\n").unwrap();
            assert_eq!(run.line(), "up");
            run.signal(signal);
            assert_eq!(run.status(), Some(128 + signal.as_raw()), "{name}");
        }
    }
}

#[test]
fn a_demand_while_the_machine_starts_ends_that() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "signals");
    for round in 0..rounds(2) {
        let (signal, name) = DEMANDS[round as usize % DEMANDS.len()];
        let run = Run::start(&mut lazaret.command(shell("signals", "echo up; sleep 1000")));
        run.handles(signal);
        std::thread::sleep(Duration::from_millis(40 * u64::from(round)));
        run.signal(signal);
        assert_eq!(run.status(), Some(128 + signal.as_raw()), "{name}");
    }
}
