use proptest::prelude::*;

use super::{Reached, learn};
use crate::{Access, Host, Policy, Request, Target, Verdict};

fn reached(text: &str) -> Reached {
    let mut words = text.split(' ');
    let (host, port) = words.next().unwrap().rsplit_once(':').unwrap();
    Reached {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        method: words.next().map(str::to_owned),
        path: words.next().map(str::to_owned),
    }
}

fn learned(texts: &[&str]) -> Vec<String> {
    let reached: Vec<Reached> = texts.iter().map(|text| reached(text)).collect();
    let rules = learn(&reached).rules.into_iter().map(|rule| {
        let ports: Vec<String> = rule.ports.iter().map(ToString::to_string).collect();
        format!(
            "{} {} {:?} {:?}",
            rule.pattern,
            ports.join(","),
            rule.methods,
            rule.paths
        )
    });
    rules.collect()
}

#[test]
fn rules_are_as_narrow_as_what_was_seen() {
    assert_eq!(
        learned(&[
            "api.test:443 GET /v1/models",
            "api.test:443 POST /v1/messages",
            "api.test:443 GET /v1/models/a",
            "api.test:443 GET /health",
            "db.test:5432",
            "db.test:5433",
            "10.0.0.1:80 GET /",
        ]),
        [
            r#"10.0.0.1 80 ["GET"] ["/"]"#,
            r#"api.test 443 ["GET"] ["/health", "/v1/**"]"#,
            r#"api.test 443 ["POST"] ["/v1/**"]"#,
            "db.test 5432,5433 [] []",
        ]
    );
    let many: Vec<String> = (0..9).map(|n| format!("a.test:80 GET /p{n}/x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(learned(&many), [r#"a.test 80 ["GET"] []"#]);
    // A path that no rule with paths would let through; what cannot be written.
    assert_eq!(
        learned(&["a.test:80 GET /a//b"]),
        [r#"a.test 80 ["GET"] []"#]
    );
    assert_eq!(learned(&["a.test:80 get /", "a!b:80", "a.test:0"]), [""; 0]);
    assert_eq!(learn(&[]).default, Some(Verdict::Deny));
}

proptest! {
    #[test]
    fn what_was_reached_is_allowed(
        seen in prop::collection::vec(
            ("[abc]\\.test", 1_u16..4, prop::option::of(("(GET|POST|PUT)", "/[a-c*%]{0,3}(/[a-c.]{0,2}){0,3}"))), 0..12),
    ) {
        let reached: Vec<Reached> = seen.into_iter().map(|(host, port, request)| {
            let (method, path) = request.unzip();
            Reached { host, port, method, path }
        }).collect();
        let document = learn(&reached);
        prop_assert_eq!(document.faults(), []);
        let policy = Policy::compile(vec![document]);
        for one in &reached {
            let target = Target { host: Host::Name(&one.host), port: one.port };
            match (&one.method, &one.path) {
                (Some(method), Some(path)) => {
                    let verdict = policy.request(&target, &Request { method, path }).verdict;
                    prop_assert_eq!(verdict, Verdict::Allow, "{:?}", one);
                }
                _ => prop_assert!(matches!(policy.access(&target), Access::Pass(_))),
            }
        }
        let other = Target { host: Host::Name("other.test"), port: 443 };
        prop_assert!(matches!(policy.access(&other), Access::Deny(_)));
    }
}
