//! Daemons that end while they are asked.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Answer, Daemon, request};
use crate::machines::Machine;

#[test]
fn machines_do_not_need_the_daemon() {
    let machine = Machine::run("api-kills", &["-i"], "read word; exit 9");
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(&machine.lazaret, folder.path(), &[]);
    let wait = "/v1/machines/api-kills/wait";
    let waiting = request(&daemon.socket, "POST", wait, "", b"");
    let exec = r#"{"command":["sleep","4712"]}"#;
    let _running = request(
        &daemon.socket,
        "POST",
        "/v1/machines/api-kills/exec",
        "",
        exec.as_bytes(),
    );
    std::thread::sleep(Duration::from_millis(500));
    daemon.signal(Signal::KILL);
    daemon.ended();
    drop(waiting);
    assert_eq!(machine.state(), "running");

    // The next one sees it. When it is asked to end, those who wait are told.
    let mut daemon = Daemon::start(&machine.lazaret, folder.path(), &[]);
    assert_eq!(
        daemon.done("GET", "/v1/machines/api-kills", "")["state"]["status"],
        "running"
    );
    let headers = "connection: close\r\n";
    let waiting = request(&daemon.socket, "POST", wait, headers, b"");
    let following = "/v1/machines/api-kills/logs?follow=true";
    let following = request(&daemon.socket, "GET", following, headers, b"");
    let events = request(
        &daemon.socket,
        "GET",
        "/v1/events?follow=true",
        headers,
        b"",
    );
    std::thread::sleep(Duration::from_millis(500));
    let begin = Instant::now();
    daemon.signal(Signal::TERM);
    assert_eq!(Answer::read(waiting).status, 503);
    assert_eq!(Answer::read(following).status, 200);
    assert_eq!(Answer::read(events).status, 200);
    assert_eq!(daemon.ended(), Some(0));
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );

    // A machine whose holder was killed is lost for a daemon that was there before, too.
    let daemon = Daemon::start(&machine.lazaret, folder.path(), &[]);
    let stats = daemon.done("GET", "/v1/machines/api-kills/stats", "");
    assert!(stats["cpu_nanoseconds"].as_u64() > Some(0));
    let inspected = daemon.done("GET", "/v1/machines/api-kills", "");
    let emulator = inspected["state"]["pid"].as_u64().unwrap();
    let parent = std::fs::read_to_string(format!("/proc/{emulator}/stat")).unwrap();
    let parent = parent
        .rsplit_once(") ")
        .unwrap()
        .1
        .split(' ')
        .nth(1)
        .unwrap();
    let holder = rustix::process::Pid::from_raw(parent.parse().unwrap()).unwrap();
    rustix::process::kill_process(holder, Signal::KILL).unwrap();
    crate::machines::eventually("it is lost", || {
        daemon.done("GET", "/v1/machines/api-kills", "")["state"]["status"] == "lost"
    });
}
