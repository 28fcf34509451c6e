//! `top`: the processes of a machine, without and with a `ps` in it.

use super::{Machine, eventually};

#[test]
fn processes_are_listed_whatever_they_say_of_themselves() {
    let script = "sleep 5000 & sh -c 'sleep 6000; :' \"$(printf 'red\\033[31m\\nline')\"; :";
    let machine = Machine::run("topped", &[], script);
    let list = || machine.with(&["top", "{}"]).success().stdout;
    // A shell that has not begun a command yet has its text in its own line.
    eventually("its processes are there", || list().lines().count() == 5);
    let table = list();
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        heading,
        ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    );
    let first: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(
        (first[0], first[1], first[2], first[7]),
        ("root", "1", "0", "sh")
    );
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(
        !table.contains('\x1b') && !table.contains("agent"),
        "{table}"
    );

    let json = machine.with(&["top", "{}", "--format", "json"]).json();
    assert_eq!(
        (&json[0]["pid"], &json[0]["user"]),
        (&1.into(), &"root".into())
    );
    assert!(json[1]["command"].as_str().unwrap().contains("sleep"));

    let own = machine
        .with(&["top", "{}", "-o", "pid,args"])
        .success()
        .stdout;
    assert!(
        own.starts_with("PID ") && own.contains("sleep 5000"),
        "{own}"
    );
    machine
        .with(&["top", "{}", "--no-such-option"])
        .fails(1, &["ps ended with status"]);
    machine.with(&["kill", "{}"]).success();
    machine.with(&["wait", "{}"]).success();
    machine.with(&["top", "{}"]).fails(7, &["not running"]);
}
