//! What a decision costs with many rules: printed, never asserted.
#![allow(clippy::print_stdout)]

use super::{document, policy, rule, target};
use crate::{Document, Host, Policy, Request, Target, Verdict};

/// A policy with ten thousand rules of all kinds.
fn large() -> Policy {
    let mut own = document("large", Some(Verdict::Ask), &[]);
    for number in 0..2500 {
        let (high, low) = (number / 250, number % 250);
        for text in [
            format!("host{number}.example.test allow paths=/v1/**,/v2/*/items"),
            format!("*.zone{number}.example.test ask methods=GET,POST"),
            format!("10.{high}.{low}.0/24 allow ports=443,8000-8100"),
            format!("fd00:{number:x}::/32 deny"),
        ] {
            own.rules.push(rule(&text));
        }
    }
    Policy::compile(vec![own])
}

#[test]
fn ten_thousand_rules_decide_by_those_that_name_the_host() {
    let policy = large();
    let request = Request {
        method: "GET",
        path: "/v2/a/items",
    };
    let cases = [
        ("host2499.example.test", "large#9997"),
        ("a.b.c.d.zone17.example.test", "large#70"),
        ("10.9.249.7", "large#9999"),
        ("[fd00:9c3::1]", "large#10000"),
        ("nothing.test", "large#default"),
    ];
    for (text, rule) in cases {
        assert_eq!(
            policy.request(&target(text), &request).rule.0,
            rule,
            "{text}"
        );
    }
}

#[test]
#[ignore = "a measurement: run it alone and with --nocapture"]
fn measurement_of_ten_thousand_rules() {
    let policy = large();
    let request = Request {
        method: "GET",
        path: "/v2/a/items",
    };
    for host in [
        "host2499.example.test",
        "a.b.c.d.zone17.example.test",
        "nothing.test",
    ] {
        let target = Target {
            host: Host::Name(host),
            port: 443,
        };
        for what in ["request", "access"] {
            let rounds = 100_000_u32;
            let started = measure();
            for _ in 0..rounds {
                match what {
                    "request" => drop(std::hint::black_box(policy.request(&target, &request))),
                    _ => drop(std::hint::black_box(policy.access(&target))),
                }
            }
            println!("{host}: {what} in {:?}", started.elapsed() / rounds);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement")]
fn measure() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn many_rules_of_one_host_are_looked_into_and_decided() {
    let rules = (0..2000).map(|number| {
        format!(
            "a.test allow methods=M-{} paths=/{number}",
            "X".repeat(number % 20)
        )
    });
    let rules: Vec<String> = rules.collect();
    let texts: Vec<&str> = rules.iter().map(String::as_str).collect();
    let policy = policy(&texts);
    assert_eq!(policy.access(&target("a.test")), crate::Access::Inspect);
    let rules = (0..2000).map(|number| rule(&format!("a.test allow paths=/{number}")));
    let many = Document {
        rules: rules.collect(),
        ..document("p", None, &[])
    };
    let many = Policy::compile(vec![many]);
    assert_eq!(super::decided(&many, "a.test", "GET /1999"), "allow p#2000");
    assert_eq!(
        super::decided(&many, "a.test", "GET /2000"),
        "deny builtin:default"
    );
}
