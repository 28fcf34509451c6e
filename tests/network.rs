//! The network boundary, seen from inside machines: what is reached, refused, asked for and told.

mod asks;
mod clients;
mod credentials;
mod hostile;
mod learn;
mod ports;
mod reach;
mod sdks;
mod servers;

use lazaret_testing::http::{Answer, Peer};

use crate::machines::Machine;
use crate::support::World;

/// The port of a server of this host.
fn port(peer: &Peer) -> u16 {
    let port = peer.url().rsplit(':').next().unwrap().to_owned();
    port.trim_end_matches('/').parse().unwrap()
}

/// A server that answers every request with this text.
fn server(text: &'static str) -> Peer {
    Peer::start(move |_| Answer::new(200).body(text.as_bytes()))
}

/// A policy with these rules; nothing else is permitted.
fn policy(rules: &str) -> String {
    format!("network:\n  default: deny\n  rules:\n{rules}")
}

/// A rule for one host.
fn rule(host: &str, rest: &str) -> String {
    format!("    - {{match: {host}, {rest}}}\n")
}

/// A machine that sleeps under a policy, with names for the loopback address of this host.
fn sleeper(name: &str, policy: &str, hosts: &[&str], flags: &[&str]) -> (Machine, World) {
    let world = World::new();
    let file = world.write("policy.yaml", policy);
    let mut all = vec!["--policy".to_owned(), file.display().to_string()];
    for host in hosts {
        all.extend(["--add-host".to_owned(), format!("{host}:host-gateway")]);
    }
    all.extend(flags.iter().map(ToString::to_string));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    (Machine::run(name, &all, "exec sleep 1000"), world)
}

/// Runs a script in the machine.
fn sh(machine: &Machine, script: &str) -> crate::support::Output {
    machine.with(&["exec", "{}", "sh", "-c", script])
}
