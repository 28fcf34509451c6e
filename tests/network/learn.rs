//! A policy is made of what was reached.

use super::{port, server, sh};
use crate::machines::Machine;

#[test]
fn what_was_reached_becomes_a_policy() {
    let served = server("reached");
    let at = port(&served);
    let flags = ["--learn", "--add-host", "api.example.com:host-gateway"];
    let machine = Machine::run("learner", &flags, "exec sleep 1000");
    let get = format!("wget -q -O - http://api.example.com:{at}/v1/x");
    assert_eq!(sh(&machine, &get).success().stdout, "reached");
    let shown = machine.with(&[
        "policy",
        "learn",
        "--dry-run",
        "--policy",
        "learnt.yaml",
        "{}",
    ]);
    let rule = format!("allow api.example.com {at}");
    assert!(shown.success().stdout.contains(&rule));
    machine
        .with(&["policy", "learn", "--policy", "learnt.yaml", "{}"])
        .success();
    let target = format!("http://api.example.com:{at}/v1/x");
    machine
        .with(&["policy", "check", "--policy", "learnt.yaml", &target])
        .success();
    machine
        .with(&[
            "policy",
            "check",
            "--policy",
            "learnt.yaml",
            "other.example.com",
        ])
        .status(10);
}

#[test]
fn the_network_can_be_taken_and_given() {
    let machine = Machine::run("given", &["--network", "open"], "exec sleep 1000");
    assert_eq!(
        sh(&machine, "ls /sys/class/net").success().stdout,
        "eth0\nlo\n"
    );
    let run = |flags: &[&str]| {
        machine.with(&[&["-q", "run", "--rm"], flags, &["given", "true"]].concat())
    };
    run(&["--network", "none", "-p", "80"]).fails(125, &["nothing to publish"]);
    run(&["--network", "policy"]).fails(125, &["no policy"]);
    run(&["--network", "other"]).status(2);
}
