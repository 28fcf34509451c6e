//! `checkpoint create`, `ls`, `inspect`, `rm`, `run --from`, `fork`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Machine, eventually};
use crate::support::Lazaret;

/// A workload that remembers a number which nobody else knows, and tells it and a new one when asked.
const REMEMBERS: &str = "r() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n'; }; mine=$(r); \
     trap 'echo $mine $(r)' USR1; echo kept > /kept; echo ready; while :; do sleep 0.1; done";

/// What the workload of a machine remembers, and a random number that it makes now.
fn asked(lazaret: &Lazaret, name: &str) -> (String, String) {
    let lines = || lazaret.run(["logs", name]).stdout.lines().count();
    let before = lines();
    lazaret.run(["kill", "-s", "USR1", name]).success();
    eventually("the workload answers", || lines() > before);
    let logs = lazaret.run(["logs", name]).stdout;
    let (mine, new) = logs.lines().last().unwrap().split_once(' ').unwrap();
    (mine.to_owned(), new.to_owned())
}

fn sh(lazaret: &Lazaret, name: &str, script: &str) -> String {
    let output = lazaret.run(["exec", name, "sh", "-c", script]);
    output.success().stdout.trim().to_owned()
}

fn assert_clock(lazaret: &Lazaret, name: &str) {
    let host = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let guest: u64 = sh(lazaret, name, "date +%s").parse().unwrap();
    assert!(guest.abs_diff(host.as_secs()) <= 5, "{guest} {host:?}");
}

/// The folder with the checkpoints that are being made.
fn unfinished(lazaret: &Lazaret, name: &str) -> PathBuf {
    let described = lazaret.run(["inspect", name]).json();
    let folder = Path::new(described[0]["folder"].as_str().unwrap());
    let data = folder.parent().unwrap().parent().unwrap();
    data.join("checkpoints/.unfinished")
}

#[test]
fn machines_go_on_from_a_checkpoint_as_machines_of_their_own() {
    let machine = Machine::run("saved", &["--hostname", "first"], REMEMBERS);
    let lazaret = &machine.lazaret;
    machine.wait_for_logs("ready\n");
    let create = ["checkpoint", "create", "saved", "moment"];
    assert_eq!(lazaret.run(create).success().stdout, "moment\n");
    lazaret.run(create).fails(7, &["moment", "already"]);
    lazaret
        .run(["checkpoint", "create", "saved", "no/name"])
        .fails(2, &["no/name"]);
    // The machine has noticed nothing.
    let (mine, _) = asked(lazaret, "saved");
    sh(lazaret, "saved", "echo later > /later");
    assert_clock(lazaret, "saved");

    let run = |name: &str, flags: &[&str]| {
        let fixed = ["-q", "run", "-d", "--from", "moment", "--name", name];
        lazaret.run([&fixed, flags].concat()).success().stdout
    };
    let ids = [
        run("copy-one", &[]),
        run("copy-two", &["--hostname", "second", "-l", "of=moment"]),
    ];
    let mut seen = BTreeSet::new();
    for (name, id) in ["copy-one", "copy-two"].into_iter().zip(&ids) {
        let (remembered, new) = asked(lazaret, name);
        assert_eq!(remembered, mine, "the memory goes on");
        assert!(seen.insert(new), "the same random number");
        assert_eq!(
            sh(
                lazaret,
                name,
                "cat /kept; ls /later 2>&1 | wc -l; ls /later >/dev/null 2>&1 || echo none"
            ),
            "kept\n1\nnone"
        );
        assert_eq!(sh(lazaret, name, "cat /etc/machine-id"), id[..32]);
        assert_clock(lazaret, name);
    }
    assert_eq!(sh(lazaret, "copy-one", "hostname"), "first");
    assert_eq!(
        sh(lazaret, "copy-two", "hostname; cat /etc/hostname"),
        "second\nsecond"
    );
    let inspected = lazaret.run(["inspect", "copy-two"]).json();
    assert_eq!(inspected[0]["from"]["checkpoint"], "moment");
    assert_eq!(inspected[0]["state"]["begun"], "checkpoint");
    let listed = lazaret
        .run(["ps", "--format", "json", "-f", "label=of=moment"])
        .json();
    assert_eq!(listed[0]["from"], "moment");

    let listed = lazaret.run(["checkpoint", "ls", "--format", "json"]).json();
    let row = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "moment");
    assert_eq!(row.unwrap()["machine"], "saved");
    let described = lazaret.run(["checkpoint", "inspect", "moment"]).json();
    assert_eq!(described[0]["config"]["hostname"], "first");
    let usage = lazaret.run(["system", "df", "--format", "json"]).json();
    let kinds = usage.as_array().unwrap();
    let bytes = kinds.iter().find(|kind| kind["kind"] == "checkpoints");
    assert!(
        bytes.unwrap()["bytes"].as_u64().unwrap() > 10 << 20,
        "{usage}"
    );

    // What a machine has already cannot be asked for.
    for flag in [&["--cpus", "2"][..], &["-e", "A=1"], &["--pull", "always"]] {
        let fixed = ["run", "--from", "moment"];
        let output = lazaret.run([&fixed, flag].concat());
        output.fails(2, &["--from", "cannot be used with"]);
    }
    lazaret
        .run(["run", "--from", "moment", "-i"])
        .fails(125, &["standard input"]);
    lazaret
        .run(["run", "--from", "moment", "-t"])
        .fails(125, &["terminal"]);

    let made = ["create", "--from", "moment", "--name", "too-late"];
    lazaret.run(made).success();
    // They need the checkpoint no more, and start again as any other machine.
    lazaret.run(["checkpoint", "rm", "moment"]).success();
    lazaret
        .run(["checkpoint", "rm", "--force", "moment"])
        .success();
    lazaret
        .run(["checkpoint", "rm", "moment"])
        .fails(4, &["moment"]);
    lazaret
        .run(["run", "--from", "moment"])
        .fails(125, &["no checkpoint 'moment'"]);
    lazaret
        .run(["start", "too-late"])
        .fails(4, &["too-late", "gone"]);
    lazaret.run(["rm", "too-late"]).success();
    lazaret.run(["stop", "-t", "0", "copy-one"]).success();
    lazaret.run(["start", "copy-one"]).success();
    eventually("it boots", || {
        lazaret
            .run(["logs", "copy-one"])
            .stdout
            .ends_with("ready\n")
    });
    let again = asked(lazaret, "copy-one").0;
    assert_ne!(again, mine, "it has booted");
    lazaret.run(["rm", "-f", "copy-one", "copy-two"]).success();
}

#[test]
fn forks_are_many_machines_and_commands_stay_with_the_first() {
    let script = format!("trap 'exit 9' TERM; {REMEMBERS}");
    let machine = Machine::run("forked", &["--read-only"], &script);
    let lazaret = &machine.lazaret;
    eventually("the workload runs", || {
        machine.with(&["logs", "{}"]).stdout.ends_with("ready\n")
    });
    // A command with output on its way while the machine is saved.
    let lines = "for n in $(seq 1 2000); do echo line $n; done; sleep 5; echo end";
    let command = lazaret.command(["exec", "forked", "sh", "-c", lines]);
    let running = std::thread::spawn(move || crate::support::finish(command));
    std::thread::sleep(Duration::from_millis(300));
    let forked = lazaret.run(["fork", "--rm", "--label", "of=forked", "forked", "3"]);
    let ids = forked.success().stdout;
    let ids: Vec<&str> = ids.lines().collect();
    assert_eq!(ids.len(), 3);
    let mut seen = BTreeSet::new();
    for id in &ids {
        assert!(seen.insert(asked(lazaret, id).1), "the same random number");
        let processes = sh(lazaret, id, "ps | grep -c '[e]cho end'; true");
        assert_eq!(processes, "0", "the command is not the fork's");
        assert_clock(lazaret, id);
    }
    let output = running.join().unwrap().success().stdout;
    assert_eq!(output.lines().count(), 2001);
    assert!(output.ends_with("line 2000\nend\n"), "no output is lost");
    let listed = lazaret
        .run(["ps", "-q", "--no-trunc", "-f", "label=of=forked"])
        .stdout;
    assert_eq!(listed.lines().count(), 3);
    lazaret.run(["stop", ids[0]]).success();
    lazaret.run(["rm", "-f", ids[1], ids[2]]).success();
    let left = lazaret.run(["ps", "-aq", "-f", "label=of=forked"]).stdout;
    assert_eq!(left, "", "--rm");
    machine.with(&["pause", "{}"]).success();
    machine.with(&["fork", "{}"]).fails(1, &["paused"]);
    machine.with(&["unpause", "{}"]).success();
    machine.with(&["stop", "{}"]).success();
    machine.with(&["fork", "{}"]).fails(7, &["not running"]);
}

#[test]
fn a_killed_checkpoint_leaves_nothing_and_a_written_volume_is_refused() {
    let machine = Machine::run("interrupted", &["-v", "written-by-it:/data"], REMEMBERS);
    machine
        .with(&["checkpoint", "create", "{}", "none"])
        .fails(7, &["written-by-it"]);
    machine.with(&["rm", "-f", "{}"]).success();
    let lazaret = &machine.lazaret;
    lazaret.run(["volume", "rm", "written-by-it"]).success();
    let image = "interrupted";
    let run = [
        "-q",
        "run",
        "-d",
        "--name",
        "interrupted",
        image,
        "sh",
        "-c",
        REMEMBERS,
    ];
    lazaret.run(run).success();
    eventually("the workload runs", || {
        machine.with(&["logs", "{}"]).stdout.ends_with("ready\n")
    });
    let folder = unfinished(lazaret, "interrupted");
    for wait in [20, 150, 400] {
        let mut create = lazaret.command(["checkpoint", "create", "interrupted", "half"]);
        let mut child = create.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        // The machine goes on, and the next command removes what was written.
        asked(lazaret, "interrupted");
    }
    eventually("nothing is left", || {
        lazaret.run(["ps"]).success();
        std::fs::read_dir(&folder).map_or(0, Iterator::count) == 0
    });
}

#[test]
fn a_checkpoint_is_pushed_and_pulled() {
    let machine = Machine::run("moved", &[], REMEMBERS);
    machine.wait_for_logs("ready\n");
    let lazaret = &machine.lazaret;
    lazaret
        .run(["checkpoint", "create", "moved", "goes"])
        .success();
    let (mine, _) = asked(lazaret, "moved");
    let script = "lazaret -q checkpoint push goes $LAZARET_REGISTRY/checkpoints/goes:v1
        lazaret -q checkpoint rm goes
        lazaret -q checkpoint pull $LAZARET_REGISTRY/checkpoints/goes:v1 --name came
        ! lazaret -q kernel pull $LAZARET_REGISTRY/checkpoints/goes:v1";
    let moved = lazaret.with_registry(script).success();
    assert!(moved.stdout.ends_with("came\n"), "{}", moved.stdout);
    lazaret
        .run([
            "-q", "run", "-d", "--rm", "--from", "came", "--name", "came",
        ])
        .success();
    assert_eq!(asked(lazaret, "came").0, mine, "the memory goes on");
    assert_eq!(sh(lazaret, "came", "cat /kept"), "kept");
    lazaret.run(["rm", "-f", "came"]).success();
    // A checkpoint of another kernel has to be refused, whatever it is called here.
    let folder = described_folder(lazaret, "came");
    let record = folder.join("memory/template.json");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace("console=ttyS0", "console=ttyS1")).unwrap();
    lazaret
        .run(["run", "--from", "came"])
        .fails(125, &["checkpoint 'came' cannot be used", "command line"]);
    lazaret.run(["checkpoint", "rm", "came"]).success();
}

fn described_folder(lazaret: &Lazaret, checkpoint: &str) -> PathBuf {
    let described = lazaret.run(["checkpoint", "inspect", checkpoint]).json();
    described[0]["folder"].as_str().unwrap().into()
}
