//! Ports of the host that lead into a machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::machines::{Machine, eventually};

#[test]
fn a_published_port_leads_into_the_machine_while_it_runs() {
    let script = "while true; do echo served | nc -l -p 8080; done";
    let flags = ["--publish", "0:8080", "-p", "127.0.0.1::9"];
    let machine = Machine::run("published", &flags, script);
    let inspected = machine.with(&["inspect", "{}"]).success().stdout;
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let ports = &inspected[0]["network"]["ports"];
    assert_eq!(ports[0]["guest"], 8080);
    let host = u16::try_from(ports[0]["host"].as_u64().unwrap()).unwrap();
    let read = || {
        let mut stream = TcpStream::connect(("127.0.0.1", host)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let _unread = stream.write_all(b"x");
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    };
    eventually("served", || read().as_deref() == Some("served\n"));
    let listed = machine.with(&["ps"]).success().stdout;
    assert!(
        listed.contains(&format!("127.0.0.1:{host}->8080/tcp")),
        "{listed}"
    );
    let taken = format!("{host}:8080");
    let second = machine.with(&["-q", "run", "--rm", "-p", &taken, "published", "true"]);
    second.fails(125, &["cannot be published"]);
    machine
        .with(&["run", "-p", "53:53/udp", "published", "true"])
        .fails(2, &["only TCP"]);
    machine.with(&["rm", "-f", "{}"]).success();
    assert!(TcpStream::connect(("127.0.0.1", host)).is_err());
}
