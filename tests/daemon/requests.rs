//! What is asked: the description, and requests that make no sense.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use serde_json::json;

use super::conform::{TEXT, document};
use super::{Answer, Daemon};
use crate::support::World;

#[test]
fn the_description_is_served_and_names_the_flags() {
    let world = World::new();
    let lazaret = world.lazaret();
    let daemon = Daemon::start(&lazaret, &world.path(""), &[]);
    let served = daemon.ask("GET", "/v1/openapi.json", "");
    assert_eq!(served.text(), TEXT);
    assert_eq!(daemon.done("GET", "/v1/ping", "")["ok"], true);
    let version = daemon.done("GET", "/v1/version", "");
    assert_eq!(version["pid"], daemon.id());
    assert!(!version["version"].as_str().unwrap().is_empty());

    // What makes a machine has the names of the flags; files of this host and checkpoints are for the
    // command line.
    let help = lazaret.run(["create", "--help"]).success().stdout;
    let members = &document()["components"]["schemas"]["Create"]["properties"];
    let own = help.split("Options of every command").next().unwrap();
    let mut flags = 0;
    for line in own
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
    {
        let Some(name) = line.split("--").nth(1) else {
            continue;
        };
        let name = name
            .split([' ', '=', '['])
            .next()
            .unwrap()
            .replace('-', "_");
        const OF_FILES: [&str; 8] = [
            "cidfile",
            "env_file",
            "label_file",
            "from",
            "guest_image",
            "protection_mode",
            "config",
            "help",
        ];
        if !OF_FILES.contains(&name.as_str()) {
            assert!(members.get(&name).is_some(), "{name} is no member");
            flags += 1;
        }
    }
    assert!(flags > 20, "the help was not understood");
}

#[test]
fn requests_that_make_no_sense_are_refused_by_name() {
    let world = World::new();
    let daemon = Daemon::start(&world.lazaret(), &world.path(""), &[]);
    for (method, path, body, status, text) in [
        ("GET", "/v1/nothing", "", 404, "/v1/nothing"),
        ("GET", "/", "", 404, "there is nothing"),
        ("PATCH", "/v1/machines", "", 405, "GET, POST"),
        (
            "GET",
            "/v1/machines?al=true",
            "",
            400,
            "unknown parameter 'al'",
        ),
        (
            "GET",
            "/v1/machines?all=1",
            "",
            400,
            "expected true or false",
        ),
        (
            "GET",
            "/v1/machines?filter=colour%3Dred",
            "",
            400,
            "filter 'colour=red'",
        ),
        ("GET", "/v1/ping?x=1", "", 400, "unknown parameter 'x'"),
        ("GET", "/v1/machines/%ff", "", 400, "cannot be read"),
        ("GET", "/v1/machines/missing", "", 404, "missing"),
        ("POST", "/v1/machines", "", 400, "`reference`"),
        ("POST", "/v1/machines", "{", 400, "EOF"),
        ("POST", "/v1/machines", "{} {}", 400, "reference"),
        ("POST", "/v1/machines", "[1]", 400, "cannot be used"),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","colour":1}"#,
            400,
            "unknown field `colour`",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","label":[1]}"#,
            400,
            "label[0]",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","env":["HOME"]}"#,
            400,
            "env 'HOME'",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","volume":["./etc:/x"]}"#,
            400,
            "absolute",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","restart":"often"}"#,
            400,
            "restart 'often'",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","rm":true,"restart":"always"}"#,
            400,
            "exclude",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","fs":"ext4","verity":true}"#,
            400,
            "exclude",
        ),
        (
            "POST",
            "/v1/machines",
            r#"{"reference":"a","policy":"p.json"}"#,
            400,
            "absolute",
        ),
        (
            "POST",
            "/v1/machines/x/exec",
            r#"{"command":[]}"#,
            400,
            "empty",
        ),
        (
            "POST",
            "/v1/machines/x/exec",
            r#"{"command":["a"],"tty":true,"detach":true}"#,
            400,
            "detach",
        ),
        (
            "POST",
            "/v1/machines/x/kill",
            r#"{"signal":"LOUD"}"#,
            400,
            "signal 'LOUD'",
        ),
        (
            "POST",
            "/v1/machines/x/start",
            r#"{"a":1}"#,
            400,
            "unknown field `a`",
        ),
        ("PUT", "/v1/machines/x/files", "", 400, "'path' is missing"),
        ("DELETE", "/v1/volumes/missing", "", 404, "missing"),
        ("POST", "/v1/volumes", r#"{"name":"../x"}"#, 400, "../x"),
    ] {
        daemon.fails(method, path, body, status, text);
    }
    let hint = daemon.ask("POST", "/v1/machines", r#"{"reference":"a"}"#);
    let error = &hint.json()["error"];
    assert_eq!((hint.status, &error["kind"]), (404, &json!("not-found")));
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("lazaret kernel import"),
        "{error:#}"
    );

    let huge = vec![b' '; 3 << 20];
    assert_eq!(
        daemon.ask_with("POST", "/v1/machines", "", &huge).status,
        413
    );
    let raw = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(&daemon.socket).unwrap();
        let _refused = stream.write_all(bytes);
        Answer::read(stream).status
    };
    assert_eq!(raw(b"HELLO\r\n\r\n"), 400);
    assert_eq!(raw(b"GET /v1/ping HTTP/1.1\r\nbad header\r\n\r\n"), 400);
    let wide = format!("GET /v1/ping HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100));
    assert_eq!(raw(wide.as_bytes()), 431);
    let long = format!(
        "GET /v1/ping HTTP/1.1\r\na: {}\r\n\r\n",
        "b".repeat(200_000)
    );
    assert_eq!(raw(long.as_bytes()), 431);
    // None of it harmed the daemon, nor a connection that is used again.
    let mut stream = UnixStream::connect(&daemon.socket).unwrap();
    let twice = "GET /v1/ping HTTP/1.1\r\nhost: x\r\n\r\nGET /v1/ping HTTP/1.1\r\nhost: x\r\n\
                 connection: close\r\n\r\n";
    stream.write_all(twice.as_bytes()).unwrap();
    assert!(Answer::read(stream).text().ends_with(r#"{"ok":true}"#));
}
