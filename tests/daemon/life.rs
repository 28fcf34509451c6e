//! The life of a machine over the socket.

use serde_json::{Value, json};

use super::Daemon;
use crate::machines::eventually;
use crate::support::{Image, World};

#[test]
fn a_machine_lives_over_the_socket() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "api-life");
    let daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    let wanted = json!({
        "reference": "api-life", "name": "api-life", "env": ["A=1"], "label": ["tier=api"],
        "interactive": true, "mem": "256MiB", "volume": ["api-life:/data"], "tmpfs": ["/memory:size=1m"],
        "args": ["sh", "-c", "trap 'exit 3' TERM; echo up $A; while :; do sleep 0.1; done"],
    });
    let created = daemon.done("POST", "/v1/machines", &wanted.to_string());
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &created["name"]), (64, &json!("api-life")));
    daemon.fails("POST", "/v1/machines", &wanted.to_string(), 409, "api-life");
    let listed = daemon.done("GET", "/v1/machines?filter=label%3Dtier%3Dapi&all=true", "");
    assert_eq!(
        (&listed[0]["id"], &listed[0]["state"]),
        (&json!(id), &json!("created"))
    );
    daemon.fails("POST", "/v1/machines/api-life/wait", "", 409, "not running");
    daemon.fails(
        "GET",
        "/v1/machines/api-life/stats",
        "",
        409,
        "does not run",
    );

    let started = daemon.done("POST", &format!("/v1/machines/{}/start", &id[..12]), "");
    assert_eq!(started["id"], created["id"]);
    daemon.done("POST", "/v1/machines/api-life/start", "");
    // The command line sees the same machine.
    let inspected = daemon.done("GET", "/v1/machines/api-life", "");
    let same = lazaret.run(["inspect", "api-life"]).success().stdout;
    assert_eq!(serde_json::from_str::<Value>(&same).unwrap()[0], inspected);
    assert_eq!(inspected["state"]["status"], "running");
    assert!(daemon.done("GET", "/v1/machines/api-life/stats", "")["memory"].as_u64() > Some(0));
    daemon.fails("DELETE", "/v1/volumes/api-life", "", 409, "api-life");
    let volume = daemon.done("GET", "/v1/volumes/api-life", "");
    assert_eq!(volume["machines"], json!(["api-life"]));

    daemon.done("POST", "/v1/machines/api-life/pause", "");
    daemon.fails("POST", "/v1/machines/api-life/pause", "", 409, "");
    daemon.done("POST", "/v1/machines/api-life/unpause", "");
    let renamed = daemon.done(
        "POST",
        "/v1/machines/api-life/rename",
        r#"{"name":"api-other"}"#,
    );
    assert_eq!(renamed["name"], "api-other");
    copies(&daemon);
    eventually("the workload wrote", || {
        daemon
            .ask("GET", "/v1/machines/api-other/logs?plain=true", "")
            .text()
            == "up 1\n"
    });
    let logs = daemon.ask(
        "GET",
        "/v1/machines/api-other/logs?tail=1&timestamps=true",
        "",
    );
    let frames = logs.frames();
    assert_eq!(frames[0].0, 1);
    assert!(String::from_utf8_lossy(&frames[0].1).ends_with("Z up 1\n"));
    assert!(
        daemon
            .ask("GET", "/v1/machines/api-other/logs?console=true", "")
            .status
            == 200
    );
    daemon.fails("DELETE", "/v1/machines/api-other", "", 409, "running");

    daemon.done("POST", "/v1/machines/api-other/stop", r#"{"timeout":20}"#);
    let waited = daemon.done("POST", "/v1/machines/api-other/wait", "");
    assert_eq!(waited["exit_code"], 3);
    daemon.fails(
        "POST",
        "/v1/machines/api-other/exec",
        r#"{"command":["true"]}"#,
        409,
        "not running",
    );
    let events = daemon
        .ask("GET", &format!("/v1/events?filter=machine%3D{id}"), "")
        .text();
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let actions: Vec<&str> = events
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["create", "start", "pause", "unpause", "rename", "die"]
    );
    daemon.done("DELETE", "/v1/machines/api-other", "");
    daemon.fails("GET", &format!("/v1/machines/{id}"), "", 404, &id);
    daemon.done("DELETE", "/v1/volumes/api-life", "");
    daemon.done("GET", "/v1/system/df", "");
    let images = daemon.done("GET", "/v1/images", "");
    assert!(images.to_string().contains("api-life"));
    no_zombies(&daemon);
}

/// Copies an archive out of the machine, and back into it.
fn copies(daemon: &Daemon) {
    let files = "/v1/machines/api-other/files";
    let wrote = r#"{"command":["sh","-c","mkdir -p /tmp/from /tmp/to; busybox seq 100000 > /tmp/from/big"]}"#;
    daemon.ask("POST", "/v1/machines/api-other/exec", wrote);
    let archive = daemon.ask("GET", &format!("{files}?path=/tmp/from/."), "");
    assert!(archive.body.len() > 580_000 && archive.body.ends_with(&[0; 1024]));
    let put = daemon.ask_with("PUT", &format!("{files}?path=/tmp/to"), "", &archive.body);
    assert_eq!(
        (put.status, &put.json()["warnings"]),
        (200, &json!([])),
        "{}",
        put.text()
    );
    let same = r#"{"command":["busybox","cmp","/tmp/from/big","/tmp/to/big"]}"#;
    let compared = daemon.ask("POST", "/v1/machines/api-other/exec", same);
    assert_eq!(compared.frames(), [(3, br#"{"exit_code":0}"#.to_vec())]);
    daemon.fails(
        "GET",
        &format!("{files}?path=/missing"),
        "",
        404,
        "/missing",
    );
    let cut = &archive.body[..archive.body.len() / 2];
    let put = daemon.ask_with("PUT", &format!("{files}?path=/tmp/to"), "", cut);
    assert!(put.status >= 400, "{}", put.text());
}

/// The processes that it started and that have ended are not left.
fn no_zombies(daemon: &Daemon) {
    eventually("no zombies", || {
        let children = format!("/proc/{0}/task/{0}/children", daemon.id());
        let children = std::fs::read_to_string(children).unwrap();
        children.split_whitespace().all(|child| {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            !stat.is_ok_and(|stat| stat.contains(") Z "))
        })
    });
}

#[test]
fn what_cannot_be_run_is_told() {
    let world = World::new();
    let lazaret = world.imported(Image::busybox(), "api-cannot");
    let daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    let wanted = r#"{"reference":"api-cannot","name":"api-cannot","args":["/missing"]}"#;
    let lines = daemon.ask_with(
        "POST",
        "/v1/machines",
        "accept: application/x-ndjson\r\n",
        wanted.as_bytes(),
    );
    let last: Value = serde_json::from_str(lines.text().lines().last().unwrap()).unwrap();
    assert_eq!(last["machine"]["name"], "api-cannot");
    daemon.fails("POST", "/v1/machines/api-cannot/start", "", 422, "/missing");
    let failed = daemon.done("GET", "/v1/machines/api-cannot", "");
    assert_eq!(failed["state"]["exit_code"], 127);
    let dry = daemon.done(
        "POST",
        "/v1/prune/machines",
        r#"{"filter":["until=2020-01-01"]}"#,
    );
    assert_eq!(dry["machines"], json!([]));
    daemon.done(
        "DELETE",
        "/v1/machines/api-cannot?force=true&volumes=true",
        "",
    );
    let unknown = daemon.ask_with(
        "POST",
        "/v1/machines",
        "accept: application/x-ndjson\r\n",
        br#"{"reference":"localhost:1/api-missing:v1","pull":"never"}"#,
    );
    let last: Value = serde_json::from_str(unknown.text().lines().last().unwrap()).unwrap();
    let message = last["error"]["message"].as_str().unwrap();
    assert!(message.contains("api-missing"), "{last:#}");
}
