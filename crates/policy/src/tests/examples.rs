use std::net::IpAddr;

use super::{answers, decided, document, policy, target};
use crate::{Access, Layer, Policy, RuleId, Verdict};

fn access(policy: &Policy, text: &str) -> String {
    match policy.access(&target(text)) {
        Access::Deny(RuleId(rule)) => format!("deny {rule}"),
        Access::Pass(RuleId(rule)) => format!("pass {rule}"),
        Access::AskConnection(RuleId(rule)) => format!("ask {rule}"),
        Access::Inspect => "inspect".to_owned(),
    }
}

#[test]
fn a_rule_that_denies_wins_then_an_answer_then_the_more_exact_one() {
    let policies = |rules: &[&str], answered: &[&str]| {
        Policy::compile(vec![
            document("p", Some(Verdict::Allow), rules),
            document("q", Some(Verdict::Ask), &[]),
            answers(answered),
        ])
    };
    for (rules, answered, expected) in [
        (&["a.test allow", "*.test deny"][..], &[][..], "deny p#2"),
        (&["a.test ask"], &["a.test allow"], "allow answers#1"),
        (&["a.test allow"], &["a.test deny"], "deny answers#1"),
        (&["a.test deny"], &["a.test allow"], "deny p#1"),
        (&["a.test ask"], &["* allow"], "allow answers#1"),
        (&["a.test allow", "*.test ask"], &[], "allow p#1"),
        (&["* allow", "*.test ask"], &[], "ask p#2"),
        (&["a.test allow", "a.test ask"], &[], "ask p#2"),
        (&["a.test allow ports=443", "a.test ask"], &[], "allow p#1"),
        (
            &["a.test allow ports=443", "a.test ask methods=GET"],
            &[],
            "ask p#2",
        ),
        (&["a.test allow ports=80", "a.test ask"], &[], "ask p#2"),
        (&[], &[], "ask q#default"),
        (&["A.Test. allow"], &[], "allow p#1"),
    ] {
        let policy = policies(rules, answered);
        assert_eq!(
            decided(&policy, "a.test", "GET /"),
            expected,
            "{rules:?} {answered:?}"
        );
    }
    assert_eq!(
        decided(&policy(&[]), "a.test", "GET /"),
        "deny builtin:default"
    );
    // What was answered opens nothing by default.
    let mut open = answers(&[]);
    open.default = Some(Verdict::Allow);
    let open = Policy::compile(vec![open]);
    assert_eq!(decided(&open, "a.test", "GET /"), "deny builtin:default");
}

#[test]
fn hosts_are_compared_as_the_network_has_them() {
    for (pattern, host, expected) in [
        ("*.a.test", "b.a.test", true),
        ("*.a.test", "c.b.a.test", true),
        ("*.a.test", "a.test", false),
        ("*.a.test", "xa.test", false),
        ("a.test", "A.TEST.", true),
        ("a.test", "b.a.test", false),
        ("localhost", "localhost", true),
        ("a_b.test", "a_b.test", true),
        ("*", "a.test", true),
        ("*", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "[::ffff:10.0.0.1]", true),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("::ffff:10.0.0.0/104", "10.255.0.1", true),
        ("::/0", "10.0.0.1", false),
        ("::/0", "[::1]", true),
        ("0.0.0.0/0", "[::1]", false),
        ("[fd00::1]", "[fd00::1]", true),
        ("fd00::/8", "[fdff::1]", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        // Neither names nor addresses, whatever a resolver may make of them.
        ("*", "0x7f.1", false),
        ("*", "2130706433", false),
        ("*", "a..test", false),
        ("*", "", false),
        ("*", "a b", false),
        ("*", "b\u{fc}cher.test", false),
        ("*", "xn--bcher-kva.test", true),
    ] {
        let policy = policy(&[&format!("{pattern} allow")]);
        let verdict = decided(&policy, host, "GET /").starts_with("allow");
        assert_eq!(verdict, expected, "{pattern} {host}");
    }
    // An address that is given as a name is the address.
    let policy = policy(&["* allow", "127.0.0.0/8 deny"]);
    let name = crate::Target {
        host: crate::Host::Name("127.0.0.1"),
        port: 80,
    };
    assert_eq!(policy.access(&name), Access::Deny(RuleId("p#2".to_owned())));
}

#[test]
fn a_rule_that_is_not_understood_allows_nothing_and_denies_all() {
    for pattern in [
        "a b",
        "*.*",
        "a.*.test",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/+8",
        "1.2.3",
        "300.0.0.1",
        "",
        "a..b",
        "-a.test",
        "b\u{fc}cher.test",
        "a.test:443",
        "http://a.test",
        "fe80::1%eth0",
    ] {
        let own = document("p", Some(Verdict::Allow), &[]);
        let mut own = crate::Document {
            rules: vec![super::rule("x deny"), super::rule("x.test allow")],
            ..own
        };
        own.rules[0].pattern = pattern.to_owned();
        let faults = own.faults();
        assert_eq!(faults.len(), 1, "{pattern}");
        assert_eq!(faults[0].pointer, "/rules/0/match");
        let policy = Policy::compile(vec![own.clone()]);
        assert_eq!(decided(&policy, "x.test", "GET /"), "deny p#1");
        own.rules[0].verdict = Verdict::Allow;
        own.default = Some(Verdict::Deny);
        let policy = Policy::compile(vec![own]);
        assert_eq!(decided(&policy, "y.test", "GET /"), "deny p#default");
    }
    let mut own = document(
        "p",
        None,
        &["a.test allow tls=false methods=GET ports=0,70000,9-8"],
    );
    own.rules
        .push(super::rule("a.test allow methods=get paths=a"));
    let pointers: Vec<String> = own
        .faults()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/rules/0/ports/0",
            "/rules/0/ports/1",
            "/rules/0/ports/2",
            "/rules/0/tlsTerminate",
            "/rules/1/methods/0",
            "/rules/1/paths/0",
        ]
    );
}

#[test]
fn access_looks_into_connections_only_where_something_depends_on_it() {
    for (rules, expected) in [
        (&["a.test allow"][..], "pass p#1"),
        (&["a.test allow", "b.test deny methods=POST"], "pass p#1"),
        (&["a.test allow", "a.test deny methods=POST"], "inspect"),
        (&["a.test allow methods=*"], "inspect"),
        (&["a.test allow", "a.test deny paths=/admin/**"], "inspect"),
        (&["a.test allow paths=/**"], "inspect"),
        (&["a.test deny", "a.test allow paths=/x"], "deny p#1"),
        (&["*.test deny", "a.test allow"], "deny p#1"),
        (&["a.test allow ports=80"], "deny builtin:default"),
        (
            &["a.test deny paths=/**", "a.test deny methods=GET"],
            "deny builtin:default",
        ),
        (&["a.test ask"], "inspect"),
        (&["a.test ask tls=false"], "ask p#1"),
        (&["a.test ask tls=false", "a.test ask"], "inspect"),
        (&["a.test ask tls=false", "* allow"], "ask p#1"),
        (
            &["a.test ask tls=false", "a.test deny methods=POST"],
            "inspect",
        ),
        (&["a.test allow tls=true"], "inspect"),
        (&["a.test allow tls=false"], "pass p#1"),
        (
            &["a.test allow", "* allow paths=/x", "*.test ask paths=/y"],
            "pass p#1",
        ),
        (&["a.test allow", "a.test ask paths=/y"], "inspect"),
        (
            &["a.test deny paths=/a/**", "a.test allow paths=/a/b"],
            "deny builtin:default",
        ),
    ] {
        assert_eq!(access(&policy(rules), "a.test"), expected, "{rules:?}");
    }
    let open = Policy::compile(vec![document("p", Some(Verdict::Allow), &[])]);
    assert_eq!(access(&open, "a.test"), "pass p#default");
    let asking = Policy::compile(vec![document("p", Some(Verdict::Ask), &[])]);
    assert_eq!(access(&asking, "a.test"), "inspect");
}

#[test]
fn get_does_not_imply_head_and_a_rule_that_denies_does_not_mind_case() {
    let policy = policy(&[
        "a.test allow methods=GET",
        "b.test deny methods=POST",
        "b.test allow",
    ]);
    assert_eq!(decided(&policy, "a.test", "HEAD /"), "deny builtin:default");
    assert_eq!(decided(&policy, "a.test", "get /"), "deny builtin:default");
    assert_eq!(decided(&policy, "b.test", "post /"), "deny p#2");
    assert_eq!(decided(&policy, "b.test", "PUT /"), "allow p#3");
}

#[test]
fn a_private_address_is_used_where_a_rule_names_it() {
    for (rules, host, address, expected) in [
        (&["10.0.0.0/8 allow"][..], "10.0.0.1", "10.0.0.1", true),
        (&["10.0.0.1 ask"], "10.0.0.1", "10.0.0.1", true),
        (&["* allow"], "10.0.0.1", "10.0.0.1", false),
        (&["0.0.0.0/0 allow"], "10.0.0.1", "10.0.0.1", false),
        (
            &["10.0.0.0/8 allow", "10.0.0.1 deny"],
            "10.0.0.1",
            "10.0.0.1",
            false,
        ),
        (
            &["10.0.0.0/8 allow ports=80"],
            "10.0.0.1",
            "10.0.0.1",
            false,
        ),
        (&["10.0.0.0/8 allow"], "10.0.0.1", "10.0.0.2", false),
        (&["a.test allow"], "a.test", "10.0.0.1", false),
        (
            &["a.test allow", "10.0.0.0/8 allow"],
            "a.test",
            "10.0.0.1",
            true,
        ),
        (
            &["a.test allow", "10.0.0.0/8 allow"],
            "a.test",
            "::ffff:10.0.0.1",
            true,
        ),
        // A name is no way around what is said of the address.
        (
            &["a.test allow", "10.0.0.0/8 ask"],
            "a.test",
            "10.0.0.1",
            false,
        ),
        (
            &["a.test ask", "10.0.0.0/8 ask"],
            "a.test",
            "10.0.0.1",
            true,
        ),
        (
            &["a.test allow", "10.0.0.0/8 allow paths=/x"],
            "a.test",
            "10.0.0.1",
            false,
        ),
        (
            &["host.lazaret.internal allow"],
            "host.lazaret.internal",
            "127.0.0.1",
            true,
        ),
        (
            &["host.lazaret.internal ask"],
            "host.lazaret.internal",
            "::1",
            true,
        ),
        (
            &["host.lazaret.internal allow ports=80"],
            "host.lazaret.internal",
            "127.0.0.1",
            false,
        ),
        (
            &["host.lazaret.internal allow"],
            "host.lazaret.internal",
            "10.0.0.1",
            false,
        ),
        (
            &["host.lazaret.internal allow"],
            "a.test",
            "127.0.0.1",
            false,
        ),
        (&["* allow"], "host.lazaret.internal", "127.0.0.1", false),
        (
            &["host.lazaret.internal allow", "127.0.0.0/8 deny"],
            "host.lazaret.internal",
            "127.0.0.1",
            false,
        ),
    ] {
        let address: IpAddr = address.parse().unwrap();
        let named = policy(rules).names_address(&target(host), address);
        assert_eq!(named, expected, "{rules:?} {host} {address}");
    }
    // An answer for the name was given for what the name leads to.
    let documents = vec![
        document("p", None, &["a.test ask", "10.0.0.0/8 ask"]),
        answers(&["a.test allow"]),
    ];
    let policy = Policy::compile(documents);
    assert!(policy.names_address(&target("a.test"), "10.0.0.1".parse().unwrap()));
}

#[test]
fn artifacts_reach_no_private_addresses() {
    let rules = [
        "host.lazaret.internal allow",
        "a.test allow",
        "10.0.0.0/8 allow",
    ];
    let mut theirs = document("theirs", None, &rules);
    theirs.layer = Layer::Artifact;
    let of_artifact = Policy::compile(vec![theirs.clone()]);
    let both = Policy::compile(vec![theirs, document("mine", None, &["10.0.0.0/9 allow"])]);
    for (host, address, by_both) in [
        ("host.lazaret.internal", "127.0.0.1", false),
        ("a.test", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.1", true),
        ("10.200.0.1", "10.200.0.1", false),
    ] {
        let parsed: IpAddr = address.parse().unwrap();
        assert!(!of_artifact.names_address(&target(host), parsed), "{host}");
        assert_eq!(both.names_address(&target(host), parsed), by_both, "{host}");
        // A literal address may be spoken to all the same, where it is a public one.
        let is_literal = host == address;
        assert_eq!(
            of_artifact.names_literal(&target(host)),
            is_literal,
            "{host}"
        );
    }
}

#[test]
fn a_network_that_is_denied_is_not_reached_by_a_name() {
    let policy = policy(&[
        "a.test allow",
        "203.0.113.0/24 deny",
        "192.0.2.0/24 deny ports=80",
    ]);
    let denies = |address: &str| policy.denies_address(&target("a.test"), address.parse().unwrap());
    assert_eq!(denies("203.0.113.9"), Some(RuleId("p#2".to_owned())));
    assert_eq!(denies("::ffff:203.0.113.9"), Some(RuleId("p#2".to_owned())));
    assert_eq!(denies("192.0.2.1"), None);
    assert_eq!(denies("198.51.100.1"), None);
}
