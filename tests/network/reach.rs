//! What a policy permits is reached, and nothing else.

use super::{policy, port, rule, server, sh, sleeper};
use crate::machines::Machine;

#[test]
fn a_permitted_host_is_reached_and_another_one_is_refused_with_the_reason() {
    let served = server("hello from outside\n");
    let at = port(&served);
    let rules = policy(&rule(
        "api.example.com",
        &format!("ports: [{at}], verdict: allow"),
    ));
    let hosts = ["api.example.com", "other.example.com"];
    let (machine, _world) = sleeper("reach", &rules, &hosts, &[]);
    let get = |host: &str| sh(&machine, &format!("wget -q -O - http://{host}:{at}/x 2>&1"));
    assert_eq!(
        get("api.example.com").success().stdout,
        "hello from outside\n"
    );
    assert_eq!(
        get("API.Example.COM").success().stdout,
        "hello from outside\n"
    );
    let refused = get("other.example.com");
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.stdout.contains("403"), "{refused:?}");
    let body = sh(
        &machine,
        &format!(
            "(printf 'GET / HTTP/1.1\\r\\nHost: other.example.com:{at}\\r\\nConnection: close\\r\\n\\r\\n'; sleep 2) | nc other.example.com {at}"
        ),
    );
    for part in ["403", "other.example.com", "lazaret policy allow"] {
        assert!(body.stdout.contains(part), "{part}: {body:?}");
    }
    // The right name, but another one in the request.
    let forged = sh(
        &machine,
        &format!(
            "(printf 'GET / HTTP/1.1\\r\\nHost: other.example.com\\r\\nConnection: close\\r\\n\\r\\n'; sleep 2) | nc api.example.com {at}"
        ),
    );
    assert!(forged.stdout.contains("403"), "{forged:?}");
    // Addresses that no name stands for.
    sh(&machine, &format!("nc -w 3 127.0.0.1 {at} < /dev/null")).status(1);
    let literal = sh(
        &machine,
        &format!("wget -q -O - http://10.0.2.2:{at}/ 2>&1"),
    );
    literal.status(1);
    assert_eq!(served.seen().len(), 2);
}

#[test]
fn a_machine_without_a_policy_has_no_network() {
    let machine = Machine::run("alone", &[], "exec sleep 1000");
    let links = sh(&machine, "ls /sys/class/net");
    assert_eq!(links.success().stdout, "lo\n");
}

#[test]
fn names_are_answered_without_asking_anybody() {
    let rules = policy(&rule("api.example.com", "verdict: allow"));
    let (machine, _world) = sleeper("names", &rules, &[], &[]);
    let script =
        "cat /etc/resolv.conf; nslookup api.example.com | tail -n +3; nslookup a.b.invalid";
    let answers = sh(&machine, script);
    assert!(answers.stdout.contains("nameserver 10."), "{answers:?}");
    assert!(
        answers.stdout.contains("Name:\tapi.example.com"),
        "{answers:?}"
    );
}

#[test]
fn a_policy_file_that_changes_holds_at_once() {
    let served = server("ok");
    let at = port(&served);
    let closed = policy(&rule("api.example.com", "verdict: deny"));
    let open = policy(&rule("api.example.com", "verdict: allow"));
    let (machine, world) = sleeper("reload", &open, &["api.example.com"], &[]);
    let get = || {
        sh(
            &machine,
            &format!("wget -q -O - http://api.example.com:{at}/ 2>&1"),
        )
        .status
    };
    assert_eq!(get(), Some(0));
    world.write("policy.yaml", &closed);
    crate::machines::eventually("closed", || get() != Some(0));
    // What nobody understands changes nothing.
    world.write("policy.yaml", "network: {rules: [{match: 7}]}");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_ne!(get(), Some(0));
    world.write("policy.yaml", &open);
    crate::machines::eventually("open again", || get() == Some(0));
}
