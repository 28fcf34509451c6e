//! SDKs of two vendors of models, as they publish them, in a machine that a person watches.

use std::time::Duration;

use super::asks::{passed, waiting};
use super::policy;
use super::rule;
use super::servers::{Servers, machine};
use crate::machines::{Machine, eventually};
use crate::support::{Lazaret, World};

/// How each SDK is asked, and the vendor's host.
const SDKS: [(&str, &str); 4] = [
    ("python3 /clients/programs/openai_chat.py", "api.openai.com"),
    (
        "python3 /clients/programs/anthropic_chat.py",
        "api.anthropic.com",
    ),
    ("node /clients/programs/openai_chat.mjs", "api.openai.com"),
    (
        "node /clients/programs/anthropic_chat.mjs",
        "api.anthropic.com",
    ),
];
/// How long a person thinks.
const THINKS: Duration = Duration::from_secs(60);
/// The port of TLS, for which the vendors' integrations are; at an address of ours alone.
const PORT: u16 = 443;
const ADDRESS: &str = "127.83.4.43";
/// The secrets that the user has stored, by integration.
const SECRETS: [(&str, &str); 2] = [
    ("openai", "secret-of-openai"),
    ("anthropic", "secret-of-anthropic"),
];

/// Stores the secrets in the world's home.
fn connect(lazaret: &Lazaret) {
    for (integration, secret) in SECRETS {
        let connect = ["connect", integration, "--secret-stdin"];
        lazaret.run_with_input(connect, secret.as_bytes()).success();
    }
}

/// Asks by all SDKs at once; returns what they print when the requests, which wait for `time`, have been
/// answered with these flags.
fn answered(machine: &Machine, how: &str, time: Duration, flags: &[&str]) -> Vec<String> {
    let asked = SDKS.map(|(command, _)| machine.spawn(&format!("{command} {how} 2>&1")));
    eventually("asked", || waiting(machine).len() == SDKS.len());
    std::thread::sleep(time);
    // Some may be answered by what is said to others of the same host.
    eventually("answered", || {
        for id in waiting(machine) {
            let _known = machine.with(&[&["approve"], flags, &[&id]].concat());
        }
        waiting(machine).is_empty()
    });
    asked.into_iter().map(passed).collect()
}

#[test]
#[ignore = "an image of many clients: make test-network"]
fn sdks_wait_for_a_person_and_have_no_secret() {
    let world = World::new();
    let servers = Servers::start(&world, ADDRESS, PORT);
    connect(&world.lazaret());
    let rules = policy(
        &SDKS[..2]
            .iter()
            .map(|(_, host)| rule(host, "verdict: ask"))
            .collect::<String>(),
    );
    let rules = format!("integrations: [openai, anthropic]\n{rules}");
    let machine = machine(world, &rules, &servers, &["--cpus", "2"]);

    for text in answered(&machine, "whole", THINKS, &[]) {
        assert_eq!(text, "hello from the model\n");
    }
    let seen = servers.seen();
    assert_eq!(seen.len(), SDKS.len());
    for request in &seen {
        let name = request["name"].as_str().unwrap();
        let (_, secret) = SECRETS.iter().find(|(id, _)| name.contains(id)).unwrap();
        let headers = request["headers"].to_string();
        assert!(headers.contains(secret), "{name}: {headers}");
    }
    let variables = machine.with(&["exec", "{}", "env"]).success().stdout;
    assert!(variables.contains("OPENAI_API_KEY=sk-proj-"), "{variables}");
    assert!(!variables.contains("secret-of"), "{variables}");

    let refused = answered(&machine, "whole", Duration::ZERO, &["--deny"]);
    for (text, (_, host)) in refused.iter().zip(SDKS) {
        let hint = format!("lazaret policy allow {host}");
        assert!(text.contains("refused: ") && text.contains(&hint), "{text}");
    }
    assert_eq!(servers.seen().len(), SDKS.len());

    for text in answered(&machine, "streamed", Duration::ZERO, &["--for", "run"]) {
        assert_eq!(text, "hello| from| the| model|");
    }
}
