//! `events`, `pause`, `stats`, and each flag that no other test types.

use super::Machine;
use crate::support::{Image, World};

#[test]
fn events_say_what_became_of_a_machine() {
    let machine = Machine::run("noted", &["-l", "of=events"], "exec sleep 1000");
    machine.with(&["pause", "{}"]).success();
    assert_eq!(machine.state(), "paused");
    machine
        .with(&["exec", "{}", "true"])
        .fails(125, &["paused"]);
    machine.with(&["pause", "{}"]).fails(1, &["paused"]);
    let guest = |machine: &Machine| {
        let now = machine
            .with(&["exec", "{}", "date", "+%s"])
            .success()
            .stdout;
        now.trim().parse::<u64>().unwrap()
    };
    std::thread::sleep(std::time::Duration::from_secs(3));
    machine.with(&["unpause", "{}"]).success();
    let host = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(
        guest(&machine).abs_diff(host) <= 2,
        "the clock of the guest is late"
    );
    machine.with(&["rename", "{}", "noted-again"]).success();
    machine.lazaret.run(["rm", "-f", "noted-again"]).success();
    let now = (std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 1).to_string();
    let show = [
        "events", "--since", "1h", "--until", &now, "--format", "json",
    ];
    let filters = ["--filter", "label=of=events"];
    let lines = machine
        .lazaret
        .run([&show[..], &filters].concat())
        .success()
        .stdout;
    let actions: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["action"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "create", "start", "pause", "unpause", "rename", "die", "destroy",
    ];
    assert_eq!(actions, expected);
}

/// Each flag that no other test types.
#[test]
fn the_other_flags_do_what_their_help_says() {
    let world = World::new();
    world.write("labels", "# a comment\nfrom=file\nplain\n");
    world.write("variables", "A=from file\nLAZARET_HOME\n\n# none\n");
    let lazaret = world.imported(Image::busybox(), "flagged");
    let id_file = world.path("id");
    let run = [
        "-q",
        "run",
        "--name",
        "flagged-one",
        "--label-file",
        "labels",
        "--env-file",
        "variables",
        "--cidfile",
        id_file.to_str().unwrap(),
        "--boot",
        "cold",
        "flagged",
        "sh",
        "-c",
        "echo $A; echo ${LAZARET_HOME:+passed on}",
    ];
    assert_eq!(lazaret.run(run).success().stdout, "from file\npassed on\n");
    lazaret.run(run).fails(125, &["create", "id"]);
    let id = std::fs::read_to_string(id_file).unwrap();
    let described = lazaret.run(["inspect", &id]).json();
    assert_eq!(
        described[0]["labels"],
        serde_json::json!({"from": "file", "plain": ""})
    );
    assert_eq!(described[0]["state"]["begun"], "cold");
    let console = lazaret
        .run(["logs", "--console", "-n", "5", &id])
        .success()
        .stdout;
    assert!(console.lines().count() <= 5, "{console}");
    let again = [
        "-q",
        "run",
        "--rm",
        "--boot=template",
        "--name",
        "flagged-two",
        "-d",
        "flagged",
    ];
    lazaret
        .run([&again[..], &["sleep", "1000"]].concat())
        .success();
    let described = lazaret.run(["inspect", "flagged-two"]).json();
    assert_eq!(described[0]["state"]["begun"], "template");
    let stats = [
        "stats",
        "--no-stream",
        "--no-trunc",
        "--format",
        "json",
        "flagged-two",
    ];
    let stats = lazaret.run(stats).success().json();
    assert!(stats[0]["memory"].as_u64().unwrap() > 1 << 20, "{stats}");
    assert_eq!(stats[0]["memory_limit"], 512 << 20);
    let names = |arguments: &[&str]| {
        let listed = lazaret
            .run([arguments, &["--format", "json"]].concat())
            .json();
        let rows = listed.as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of_image = ["ps", "-a", "--filter", "ancestor=flagged"];
    assert_eq!(names(&of_image), ["flagged-two", "flagged-one"]);
    let before = [&of_image[..], &["--filter", "before=flagged-two"]].concat();
    assert_eq!(names(&before), ["flagged-one"]);
    let since = [&of_image[..], &["--filter", "since=flagged-one"]].concat();
    assert_eq!(names(&since), ["flagged-two"]);
    assert_eq!(
        names(&[
            "ps",
            "--last",
            "1000",
            "--filter",
            "exited=0",
            "--filter",
            "name=flagged"
        ]),
        ["flagged-one"]
    );
    assert_eq!(names(&["ps", "--latest"]).len(), 1);
    let attach = [
        "attach",
        "--no-stdin",
        "--sig-proxy=false",
        "--detach-keys",
        "ctrl-a,d",
    ];
    let mut attached = lazaret.command([&attach[..], &["flagged-two"]].concat());
    let mut attached = attached.spawn().unwrap();
    // It has joined by then, also on a busy host.
    std::thread::sleep(std::time::Duration::from_secs(2));
    lazaret
        .run(["stop", "--signal", "KILL", "--timeout", "5", "flagged-two"])
        .success();
    assert_eq!(attached.wait().unwrap().code(), Some(137));
    lazaret.run(["rm", "flagged-one"]).success();
    let freed = lazaret
        .run(["system", "prune", "--dry-run", "--format", "json"])
        .json();
    assert!(freed["templates"].as_u64().unwrap() > 0, "{freed}");
    let usage = lazaret.run(["system", "df", "--format", "json"]).json();
    let kinds: Vec<_> = usage
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "layers",
            "disks",
            "kernels",
            "machines",
            "volumes",
            "checkpoints",
            "templates"
        ]
    );
}
