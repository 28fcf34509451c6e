//! `run -d`, `ps`, `exec`, `logs`, `stop`, `kill`, `start`, `restart`, `wait`, `attach`, `rename`,
//! `rm`, `prune`.

use super::{Machine, eventually};
use crate::support::{Image, World};

#[test]
fn a_detached_machine_is_listed_runs_commands_and_stops() {
    let machine = Machine::run(
        "lives",
        &[
            "-e",
            "A=1",
            "-l",
            "tier=test",
            "--hostname",
            "house",
            "-w",
            "/tmp",
            "-i",
        ],
        "trap 'echo stopped; exit 3' TERM; echo up; echo fault >&2; cat; while :; do sleep 0.1; done",
    );
    let id = machine
        .with(&["ps", "-q", "--no-trunc", "--filter", "name=lives"])
        .success()
        .stdout;
    let id = id.trim();
    assert_eq!(id.len(), 64);
    let listed = machine
        .with(&["ps", "--format", "json", "--filter", "label=tier=test"])
        .json();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["state"]),
        (&id.into(), &"running".into())
    );
    let table = machine.with(&["ps"]).success().stdout;
    assert!(table.starts_with("MACHINE ID ") && table.contains("Up ") && table.contains("lives"));

    // Environment, host name and folder are the workload's; flags replace them.
    let show = "echo $A $B $(hostname) $PWD $(id -u)";
    let output = machine
        .with(&["exec", "-e", "B=2", "{}", "sh", "-c", show])
        .success();
    assert_eq!(output.stdout, "1 2 house /tmp 0\n");
    let output = machine.with(&[
        "exec",
        "-w",
        "/",
        "-u",
        "9:9",
        &id[..12],
        "--",
        "sh",
        "-c",
        show,
    ]);
    assert_eq!(output.success().stdout, "1 house / 9\n");
    machine
        .with(&["exec", "{}", "sh", "-c", "exit 7"])
        .status(7);
    machine
        .with(&["exec", "{}", "missing"])
        .fails(127, &["missing"]);
    machine.with(&["exec", "{}", "/tmp"]).fails(126, &["/tmp"]);
    let input = machine.lazaret.run_with_input(
        ["exec", "--interactive", "lives", "wc", "-c"],
        &[7; 300_000],
    );
    assert_eq!(input.success().stdout.trim(), "300000");
    machine
        .with(&[
            "exec",
            "--detach",
            "{}",
            "sh",
            "-c",
            "echo later > /tmp/later",
        ])
        .success();
    eventually("a detached command does its work", || {
        machine.with(&["exec", "{}", "cat", "/tmp/later"]).stdout == "later\n"
    });

    let logs = machine.with(&["logs", "{}"]).success();
    assert_eq!(
        (logs.stdout.as_str(), logs.stderr.as_str()),
        ("up\n", "fault\n")
    );
    machine.with(&["rm", "{}"]).fails(7, &["running"]);
    machine.with(&["start", "{}"]).success();

    machine.with(&["stop", "{}"]).success();
    let listed = machine
        .with(&["ps", "-a", "--format", "json", "--filter", "name=lives"])
        .json();
    assert_eq!(
        (&listed[0]["state"], &listed[0]["exit_code"]),
        (&"exited".into(), &3.into())
    );
    assert_eq!(machine.with(&["wait", "{}"]).success().stdout, "3\n");
    assert_eq!(
        machine
            .with(&["ps", "-q", "--filter", "status=exited", "-f", "name=lives"])
            .stdout
            .trim(),
        &id[..12]
    );
    machine
        .with(&["exec", "{}", "true"])
        .fails(125, &["not running"]);
    machine.with(&["stop", "{}"]).success();
    machine.with(&["kill", "{}"]).fails(7, &["not running"]);
}

#[test]
fn what_a_machine_wrote_is_there_when_it_is_started_again() {
    let machine = Machine::run(
        "again",
        &[],
        "cat /kept 2>/dev/null; echo written >> /kept; trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done",
    );
    machine.wait_for_logs("ready\n");
    machine.with(&["restart", "{}"]).success();
    machine.wait_for_logs("ready\nwritten\nready\n");
    // Killed without a word, it has what the guest had written by then.
    machine.with(&["exec", "{}", "sync"]).success();
    assert_eq!(machine.with(&["kill", "{}"]).success().stdout, "again\n");
    assert_eq!(machine.with(&["wait", "{}"]).stdout, "137\n");
    machine.with(&["start", "{}"]).success();
    let kept = machine
        .with(&["exec", "{}", "cat", "/kept"])
        .success()
        .stdout;
    assert!(kept.starts_with("written\nwritten\n"), "{kept}");
    // The image may go: the machine has its disks.
    machine.with(&["stop", "-t", "0", "{}"]).success();
    machine.with(&["image", "rm", "again"]).success();
    machine.with(&["start", "{}"]).success();
    machine.with(&["exec", "{}", "true"]).success();
}

#[test]
fn logs_have_times_ends_and_parts() {
    let machine = Machine::run(
        "logged",
        &[],
        "for n in 1 2 3; do echo line $n; done; sleep 1; printf part; sleep 1; echo ial; exec sleep 1000",
    );
    eventually("the last line is there", || {
        machine.with(&["logs", "{}"]).stdout.ends_with("partial\n")
    });
    let tail = machine
        .with(&["logs", "--tail", "2", "{}"])
        .success()
        .stdout;
    assert_eq!(tail, "line 3\npartial\n");
    let stamped = machine
        .with(&["logs", "--timestamps", "{}"])
        .success()
        .stdout;
    let lines: Vec<&str> = stamped.lines().collect();
    assert_eq!(lines.len(), 4, "{stamped}");
    for (line, text) in lines.iter().zip(["line 1", "line 2", "line 3", "partial"]) {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(
            time.ends_with('Z') && time.len() == 30 && rest == text,
            "{line}"
        );
    }
    let third = lines[3].split_once(' ').unwrap().0;
    let since = machine
        .with(&["logs", "--since", third, "{}"])
        .success()
        .stdout;
    assert_eq!(since, "partial\n");
    let until = machine
        .with(&["logs", "--until", third, "{}"])
        .success()
        .stdout;
    assert_eq!(until, "line 1\nline 2\nline 3\n");
    assert_eq!(
        machine.with(&["logs", "--since", "1h", "{}"]).stdout,
        machine.with(&["logs", "{}"]).stdout
    );
    machine
        .with(&["logs", "--since", "soon", "{}"])
        .fails(2, &["soon"]);

    // Followed to the machine's end.
    let follow = machine
        .lazaret
        .command(["logs", "--follow", "--tail", "0", "logged"]);
    let following = std::thread::spawn(move || crate::support::finish(follow));
    machine.with(&["kill", "{}"]).success();
    assert_eq!(following.join().unwrap().success().stdout, "");
}

#[test]
fn a_foreground_run_gets_input_only_when_it_asks_for_it() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "input");
    let run = |flags: &[&str]| {
        let arguments = [&["-q", "run", "--rm"], flags, &["input", "cat"]].concat();
        lazaret.run_with_input(arguments, b"typed").success().stdout
    };
    assert_eq!(run(&["-i"]), "typed");
    assert_eq!(run(&[]), "");
}

#[test]
fn a_machine_is_made_first_and_started_with_its_output() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "made");
    let id = lazaret
        .run([
            "create",
            "--name",
            "made-first",
            "--interactive",
            "made",
            "sh",
            "-c",
            "cat; exit 4",
        ])
        .success()
        .stdout;
    assert_eq!(
        lazaret.run(["ps", "-q", "-f", "name=made-first"]).stdout,
        ""
    );
    let status = lazaret
        .run(["ps", "-a", "--format", "json", "-f", "name=made-first"])
        .json();
    assert_eq!(status[0]["state"], "created");
    lazaret
        .run(["create", "--tty", "--name", "made-first", "made", "sh"])
        .fails(7, &["made-first", "taken"]);
    let started = lazaret.run_with_input(["start", "--attach", "-i", "made-first"], b"given");
    assert_eq!(started.status(4).stdout, "given");
    lazaret
        .run(["rename", "made-first", "made-second"])
        .success();
    lazaret
        .run(["inspect", "made-first"])
        .fails(4, &["made-first"]);
    assert_eq!(
        lazaret
            .run(["rm", &id.trim()[..20]])
            .success()
            .stdout
            .trim(),
        &id.trim()[..20]
    );
    lazaret
        .run(["rm", "made-second", "made-third"])
        .fails(4, &["made-second", "made-third"]);
}

#[test]
fn signals_and_their_names_reach_the_workload() {
    let machine = Machine::run(
        "signalled",
        &["--stop-signal", "USR1", "--stop-timeout", "60"],
        "trap 'echo user; exit 5' USR1; trap 'echo hangup' HUP; echo ready; while :; do sleep 0.1; done",
    );
    eventually("the handlers are there", || {
        machine.with(&["logs", "{}"]).stdout == "ready\n"
    });
    machine.with(&["kill", "-s", "SIGHUP", "{}"]).success();
    eventually("the signal was handled", || {
        machine.with(&["logs", "{}"]).stdout == "ready\nhangup\n"
    });
    machine
        .with(&["kill", "-s", "NONE", "{}"])
        .fails(2, &["NONE"]);
    machine.with(&["stop", "{}"]).success();
    assert_eq!(machine.with(&["wait", "{}"]).stdout, "5\n");
}

#[test]
fn a_workload_that_does_not_end_is_killed() {
    let script = "trap '' TERM; echo ready; while :; do sleep 1; done";
    let machine = Machine::run("stubborn", &[], script);
    machine.wait_for_logs("ready\n");
    machine.with(&["stop", "-t", "1", "{}"]).success();
    assert_eq!(machine.with(&["wait", "{}"]).stdout, "137\n");
    let timed = Machine::run("timed", &["--timeout", "1s"], "while :; do sleep 1; done");
    assert_eq!(timed.with(&["wait", "{}"]).stdout, "137\n");
}

#[test]
fn a_machine_restarts_as_its_policy_says() {
    let counts = "echo run >> /runs; exit 2";
    let machine = Machine::run("restarts", &["--restart", "on-failure:2"], counts);
    assert_eq!(machine.with(&["wait", "{}"]).stdout, "2\n");
    let state = machine
        .with(&["ps", "-a", "--format", "json", "-f", "name=restarts"])
        .json();
    assert_eq!(state[0]["restarts"], 2);
    let always = Machine::run("forever", &["--restart", "always"], "echo run; exit 0");
    eventually("it runs again", || {
        always.with(&["logs", "{}"]).stdout.lines().count() >= 2
    });
    always.with(&["stop", "{}"]).success();
    assert_eq!(always.state(), "exited");
}

#[test]
fn a_machine_without_a_use_is_removed_or_pruned() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "pruned");
    let run = |flags: &[&str], name: &str| {
        let arguments = [&["-q", "run", "--name", name], flags, &["pruned", "true"]].concat();
        lazaret.run(arguments).success();
        let found = lazaret
            .run(["ps", "-aq", "--filter", &format!("name={name}")])
            .stdout;
        !found.is_empty()
    };
    assert!(!run(&["--rm"], "gone"));
    assert!(run(&["-l", "use=none"], "useless"));
    let filter = ["prune", "--filter", "label=use=none"];
    let listed = lazaret
        .run([&filter[..], &["--dry-run", "--format", "json"]].concat())
        .json();
    assert_eq!(listed["machines"].as_array().unwrap().len(), 1);
    lazaret.run(filter).success();
    assert_eq!(
        lazaret
            .run(["ps", "-aq", "--filter", "name=useless"])
            .stdout,
        ""
    );
}

#[test]
fn attach_follows_a_running_machine() {
    let machine = Machine::run(
        "followed",
        &["-i"],
        "while read -r line; do echo got $line; [ $line = end ] && exit 6; done",
    );
    let attach = machine.lazaret.command(["attach", "followed"]);
    let attached = std::thread::spawn(move || crate::support::finish_with(attach, b"one\nend\n"));
    let output = attached.join().unwrap().status(6);
    assert_eq!(output.stdout, "got one\ngot end\n");
}
