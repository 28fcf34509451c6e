//! `audit`: the hash-chained logs of machines.

use std::path::{Path, PathBuf};

use crate::support::{Image, Lazaret, World, machine_home};

fn log_of(id: &str) -> PathBuf {
    machine_home().join(format!("data/audit/{id}.jsonl"))
}

/// Runs a machine that ends by itself and is removed; returns its id.
fn ran(lazaret: &Lazaret, name: &str, image: &str) -> String {
    let cidfile = format!("{name}.id");
    let run = [
        "run",
        "--rm",
        "--name",
        name,
        "--cidfile",
        &cidfile,
        "-e",
        "TOKEN=hunter2",
    ];
    let run = run.into_iter().chain([image, "sh", "-c", "exit 3"]);
    lazaret.run(run).status(3);
    let listed = lazaret.run(["audit", "ls", "--format", "json"]).json();
    let mut listed = listed.as_array().unwrap().iter();
    let found = listed.find(|machine| machine["name"] == name).unwrap();
    assert_eq!(found["exists"], false);
    found["id"].as_str().unwrap().to_owned()
}

fn events(lazaret: &Lazaret, machine: &str) -> Vec<serde_json::Value> {
    let shown = lazaret
        .run(["audit", "show", machine, "--format", "json"])
        .success();
    let lines = shown.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_log_outlives_its_machine_and_tells_what_it_did() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "audited-life:v1");
    let id = ran(&lazaret, "audited-life", "audited-life:v1");
    let events = events(&lazaret, "audited-life");
    let kinds: Vec<&str> = events
        .iter()
        .map(|line| line["event"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["start", "end"]);
    assert_eq!(events[0]["event"]["machine"], id.as_str());
    assert_eq!(events[0]["event"]["argv"][2], "exit 3");
    let names = events[0]["event"]["env"].to_string();
    assert!(names.contains("\"TOKEN\""), "{names}");
    assert!(
        !std::fs::read_to_string(log_of(&id))
            .unwrap()
            .contains("hunter2")
    );
    assert_eq!(events[1]["event"]["exit_code"], 3);
    assert_eq!(events[1]["previous"], events[0]["hash"]);
    let text = lazaret.run(["audit", "show", &id[..12]]).success().stdout;
    assert!(
        text.contains("start audited-life") && text.contains("end exited 3"),
        "{text}"
    );

    let head = lazaret.run(["audit", "head", &id]).success().stdout;
    let (hash, count) = head.trim().split_once(' ').unwrap();
    assert_eq!((hash, count), (events[1]["hash"].as_str().unwrap(), "2"));
    let verified = lazaret
        .run(["audit", "verify", &id, "--head", hash])
        .success()
        .stdout;
    assert!(
        verified.contains("the head that was kept is record 2"),
        "{verified}"
    );
    let file = log_of(&id);
    let file = file.to_str().unwrap();
    lazaret.run(["audit", "verify", file]).success();
    // Anybody can check a line without this program.
    let check = format!(
        "head -n 1 '{file}' | sed 's/,\"hash\":\"[0-9a-f]*\"}}$/}}/' | tr -d '\\n' | sha256sum"
    );
    let hash = crate::support::tool("sh", &["-c", &check]);
    assert!(
        hash.starts_with(events[0]["hash"].as_str().unwrap()),
        "{hash}"
    );

    let kept = lazaret
        .run(["audit", "prune", "--dry-run"])
        .success()
        .stdout;
    assert!(!kept.contains(&id));
    let prune = ["audit", "prune", "--older-than", "0s", "--dry-run"];
    assert!(lazaret.run(prune).success().stdout.contains(&id));
    lazaret
        .run(["audit", "show", "nobody"])
        .fails(4, &["no audit log", "lazaret audit ls"]);
}

#[test]
fn a_changed_log_is_found_and_a_torn_one_goes_on() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "audited:v1");
    let run = ["run", "--name", "audited", "audited:v1", "true"];
    lazaret.run(run).success();
    let listed = lazaret
        .run(["inspect", "audited", "--format", "json"])
        .json();
    let id = listed[0]["id"]
        .as_str()
        .or_else(|| listed[0]["Id"].as_str())
        .unwrap();
    let log = log_of(id);
    let whole = std::fs::read_to_string(&log).unwrap();
    let head = lazaret
        .run(["audit", "head", "--quiet", "audited"])
        .success()
        .stdout;
    let check = |text: &str, words: &[&str]| {
        std::fs::write(&log, text).unwrap();
        lazaret.run(["audit", "verify", "audited"]).fails(8, words);
    };
    check(
        &whole.replace("audited:v1", "audited:v2"),
        &["broken at line 1", "its hash"],
    );
    let (first, rest) = whole.split_once('\n').unwrap();
    check(rest, &["broken at line 1", "1 to 1 before it are missing"]);
    check(
        &format!("{first}\n{first}\n{rest}"),
        &["broken at line 2", "its number is 1, not 2"],
    );
    check(&format!("{whole}x\n"), &["broken at line 3", "no record"]);
    // A log that was cut at its end is one that a head tells of.
    std::fs::write(&log, format!("{first}\n")).unwrap();
    lazaret.run(["audit", "verify", "audited"]).success();
    let kept = ["audit", "verify", "audited", "--head", head.trim()];
    lazaret.run(kept).fails(8, &["is not in the log"]);
    // A machine does not start when its log cannot go on.
    std::fs::write(&log, whole.replace("\"exit_code\":0", "\"exit_code\":1")).unwrap();
    let start = ["start", "-a", "audited"];
    lazaret.run(start).fails(125, &["its last line is broken"]);
    assert_eq!(std::fs::read_to_string(&log).unwrap().lines().count(), 2);

    // The holder was killed within a line.
    std::fs::write(&log, &whole[..whole.len() - 20]).unwrap();
    let torn = lazaret.run(["audit", "verify", "audited"]).success().stdout;
    assert!(
        torn.contains("1 records") && torn.contains("that was cut off"),
        "{torn}"
    );
    lazaret.run(start).success();
    let events = events(&lazaret, "audited");
    let kinds: Vec<&str> = events
        .iter()
        .map(|line| line["event"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["start", "torn", "start", "end"]);
    lazaret.run(["audit", "verify"]).success();
    lazaret.run(["rm", "audited"]).success();
}

#[test]
fn commands_and_mounts_are_logged_and_followed() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "audited-exec:v1");
    let run = [
        "run",
        "-d",
        "--name",
        "audited-exec",
        "-v",
        "audited-volume:/data",
    ];
    let run = run.into_iter().chain(["audited-exec:v1", "sleep", "600"]);
    lazaret.run(run).success();
    let mut follow = lazaret.command(["audit", "show", "--follow", "audited-exec"]);
    follow.stdout(std::process::Stdio::piped());
    let mut follow = follow.spawn().unwrap();
    let exec = ["exec", "-e", "TOKEN=hunter2", "audited-exec", "echo", "hi"];
    lazaret.run(exec).success();
    lazaret.run(["kill", "audited-exec"]).success();
    lazaret.run(["wait", "audited-exec"]).success();
    let mut shown = String::new();
    let mut lines = std::io::BufReader::new(follow.stdout.take().unwrap());
    while !shown.contains(" end ") {
        let read = std::io::BufRead::read_line(&mut lines, &mut shown).unwrap();
        assert!(read > 0, "{shown}");
    }
    follow.kill().unwrap();
    follow.wait().unwrap();
    assert!(
        shown.contains(" exec echo hi\n") && !shown.contains("hunter2"),
        "{shown}"
    );
    assert!(
        shown.contains("audited-volume") && shown.contains("/data"),
        "{shown}"
    );
    lazaret.run(["rm", "audited-exec"]).success();
    lazaret.run(["volume", "rm", "audited-volume"]).success();
    assert!(Path::new(machine_home()).join("data/audit").is_dir());
}
