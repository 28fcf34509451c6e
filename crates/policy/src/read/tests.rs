use serde_json::{Value, json};

use super::read;
use crate::{Document, Fault, Rule, Verdict};

fn good(spec: &Value) -> Document {
    read("p", spec).unwrap_or_else(|faults| panic!("{spec}: {faults:?}"))
}

fn faults(spec: &Value) -> Vec<Fault> {
    read("p", spec).expect_err(&spec.to_string())
}

fn pointers(spec: &Value) -> Vec<String> {
    faults(spec)
        .into_iter()
        .map(|fault| fault.pointer)
        .collect()
}

/// A rule in one line.
fn line(rule: &Rule) -> String {
    let mut line = format!("{} {}", rule.verdict, rule.pattern);
    for port in &rule.ports {
        line += &format!(" :{port}");
    }
    for text in rule.methods.iter().chain(&rule.paths) {
        line += &format!(" {text}");
    }
    if let Some(terminate) = rule.tls_terminate {
        line += &format!(" tls={terminate}");
    }
    line
}

fn lines(document: &Document) -> Vec<String> {
    document.rules.iter().map(line).collect()
}

#[test]
fn ours_is_read_as_it_is() {
    let spec = json!({"network": {"default": "ask", "rules": [
        {"match": "a.test", "verdict": "allow", "ports": [443, "8000-8100"], "methods": ["GET"],
         "paths": ["/x/**"], "description": "d", "transport": "tcp"},
        {"match": "b.test", "verdict": "allow", "scheme": "https"},
        {"match": "c.test", "verdict": "ask", "ports": [22], "scheme": "tcp"},
        {"match": "*", "verdict": "deny", "tlsTerminate": false},
    ]}});
    let document = good(&spec);
    assert_eq!(document.origin, "p");
    assert_eq!(document.default, Some(Verdict::Ask));
    assert_eq!(document.rules[0].description.as_deref(), Some("d"));
    assert_eq!(
        lines(&document),
        [
            "allow a.test :443 :\"8000-8100\" GET /x/**",
            "allow b.test :443",
            "ask c.test :22 tls=false",
            "deny * tls=false",
        ]
    );
    for spec in [
        json!({}),
        json!({"network": {}}),
        json!({"integrations": []}),
    ] {
        assert_eq!(good(&spec).default, Some(Verdict::Deny), "{spec}");
    }
}

#[test]
fn all_faults_of_ours_are_told_with_their_places() {
    let spec = json!({"network": {"default": "maybe", "defualt": "deny", "rules": [
        {"match": "a.test", "verdict": "allow", "transport": "udp"},
        {"match": "a.test", "verdict": "allow", "scheme": "ftp"},
        {"match": "a.test", "verdict": "deny", "scheme": "https"},
        {"match": "a.test", "verdict": "allow", "scheme": "tcp"},
        {"match": "a.test", "verdict": "allow", "scheme": "https", "ports": [8443]},
        {"match": "a b", "verdict": "allow", "ports": [0], "paths": ["/../x"]},
        {"match": 7, "verdict": "no", "port": 1},
        {"paths": [1], "tlsTerminate": "no"},
        "allow all",
    ]}});
    assert_eq!(
        pointers(&spec),
        [
            "/network/default",
            "/network/rules/0/transport",
            "/network/rules/1/scheme",
            "/network/rules/2/scheme",
            "/network/rules/3/scheme",
            "/network/rules/4/scheme",
            "/network/rules/5/match",
            "/network/rules/5/ports/0",
            "/network/rules/5/paths/0",
            "/network/rules/6/match",
            "/network/rules/6/verdict",
            "/network/rules/6/port",
            "/network/rules/7/match",
            "/network/rules/7/verdict",
            "/network/rules/7/paths/0",
            "/network/rules/7/tlsTerminate",
            "/network/rules/8",
            "/network/defualt",
        ]
    );
    for spec in [
        json!([]),
        json!({"network": 1}),
        json!({"network": {"rules": 1}}),
    ] {
        assert_eq!(faults(&spec).len(), 1, "{spec}");
    }
}

#[test]
fn routes_are_translated_where_their_order_makes_no_difference() {
    let spec = json!({"network": {"defaultVerdict": "deny", "allowedRoutes": [
        {"match": "*.a.test", "verdict": "allow", "description": "d"},
        {"match": "b.test:8443", "verdict": "allow", "tlsTerminate": true, "transport": "direct"},
        {"match": "[fd00::1]:80", "verdict": "ask"},
        {"match": "fd00::2", "verdict": "allow"},
        {"match": "10.0.0.0/8", "verdict": "allow", "scheme": "http"},
        {"match": "10.1.0.0/24:443", "verdict": "allow"},
        {"match": "c.test", "verdict": "allow", "rules": [
            {"method": "get", "path": "/v1/**"}, {"path": "/v2/*"}, {"method": "POST"}]},
        {"match": "d.test", "verdict": "deny"},
    ]}});
    assert_eq!(
        lines(&good(&spec)),
        [
            "allow a.test",
            "allow *.a.test",
            "allow b.test :8443 tls=true",
            "ask fd00::1 :80",
            "allow fd00::2",
            "allow 10.0.0.0/8 :80",
            "allow 10.1.0.0/24 :443",
            "allow c.test GET /v1/**",
            "allow c.test * /v2/*",
            "allow c.test POST",
            "deny d.test",
        ]
    );
    // A last rule for everything is the default; one that the default repeats is left out.
    let egress = json!({"tcp": [{"match": "db.test:5432", "verdict": "allow"}], "http": [
        {"match": "a.test", "verdict": "allow"},
        {"match": "*.test", "verdict": "deny"},
        {"match": "*", "verdict": "deny"},
    ]});
    let expected = ["allow db.test :5432 tls=false", "allow a.test"];
    let mixin = good(&json!({"egress": egress, "env": {"A": "1"}}));
    assert_eq!(lines(&mixin), expected);
    assert_eq!(mixin.default, Some(Verdict::Deny));
    let nested = good(&json!({"network": {"egress": egress}}));
    assert_eq!(nested, mixin);
    for spec in [
        json!({"network": {"allowedRoutes": []}}),
        json!({"network": {"egress": {"http": []}}}),
        json!({"egress": {}}),
    ] {
        assert_eq!(good(&spec).default, Some(Verdict::Ask), "{spec}");
    }
}

#[test]
fn routes_whose_order_makes_a_difference_are_named() {
    let routes = |default: &str, routes: &[(&str, &str)]| {
        let routes = routes
            .iter()
            .map(|(host, verdict)| match host.split_once(' ') {
                Some((host, method)) => {
                    json!({"match": host, "verdict": verdict, "rules": [{"method": method}]})
                }
                None => json!({"match": host, "verdict": verdict}),
            });
        let routes: Vec<Value> = routes.collect();
        json!({"network": {"defaultVerdict": default, "allowedRoutes": routes}})
    };
    for (default, list, expected) in [
        (
            "ask",
            &[("a.test", "allow"), ("*.test", "deny")][..],
            Some("'deny *.test' would come before 'allow a.test'"),
        ),
        ("deny", &[("a.test", "allow"), ("*.test", "deny")], None),
        (
            "deny",
            &[("a.test", "allow"), ("*.test", "deny"), ("b.test", "allow")],
            Some("'deny *.test'"),
        ),
        ("ask", &[("*.test", "deny"), ("a.test", "allow")], None),
        (
            "deny",
            &[("*.test", "ask"), ("a.test", "allow")],
            Some("'allow a.test' would come before 'ask *.test'"),
        ),
        ("deny", &[("a.test", "allow"), ("*.test", "ask")], None),
        ("ask", &[("a.test", "allow"), ("*.test", "ask")], None),
        ("deny", &[("a.test", "ask"), ("a.test", "allow")], None),
        (
            "deny",
            &[("a.test", "allow"), ("a.test", "ask")],
            Some("'ask a.test'"),
        ),
        ("ask", &[("a.test", "allow"), ("a.test", "ask")], None),
        (
            "deny",
            &[("a.test:80", "allow"), ("a.test:443", "ask")],
            None,
        ),
        (
            "deny",
            &[("*", "deny"), ("a.test", "allow")],
            Some("'allow a.test' is reached by nothing behind 'deny *'"),
        ),
        (
            "ask",
            &[("a.test GET", "allow")],
            Some("the default is to ask"),
        ),
        ("deny", &[("a.test GET", "allow")], None),
        (
            "deny",
            &[("a.test GET", "allow"), ("*.test", "allow")],
            Some("'allow *.test' would let through what is left out by 'allow a.test'"),
        ),
        ("deny", &[("a.test GET", "deny")], Some("leave 'rules' out")),
    ] {
        let spec = routes(default, list);
        match (read("p", &spec), expected) {
            (Ok(_), None) => {}
            (Err(faults), Some(expected)) => {
                let told = faults.iter().any(|fault| {
                    fault
                        .message
                        .to_lowercase()
                        .contains(&expected.to_lowercase())
                });
                assert!(told, "{spec}: {faults:?}");
                let inside = |fault: &Fault| fault.pointer.starts_with("/network/allowedRoutes/");
                assert!(faults.iter().all(inside), "{faults:?}");
            }
            (other, _) => panic!("{spec}: {other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_enforced_of_a_route_is_named() {
    let spec = json!({"network": {"egress": {
        "tcp": [{"match": "a.test", "verdict": "allow"}, {"match": "b.test:1", "verdict": "allow", "rules": []}],
        "http": [
            {"match": "a.test", "verdict": "allow", "transport": "upstream"},
            {"match": "a.test", "verdict": "allow", "scheme": "ws"},
            {"match": "a.test", "verdict": "allow", "binaries": ["/usr/bin/git"]},
            {"match": "a.test:0", "verdict": "allow"},
            {"match": "https://a.test", "verdict": "allow"},
            {"match": "c.test", "verdict": "allow", "rules": [{"path": "x", "query": "q"}]},
            {"match": "c.test", "verdict": "allow", "rules": [{"path": "x"}]},
        ],
        "udp": [],
    }, "default": "deny"}});
    assert_eq!(
        pointers(&spec),
        [
            "/network/egress/tcp/0/match",
            "/network/egress/tcp/1/rules",
            "/network/egress/http/0/transport",
            "/network/egress/http/1/scheme",
            "/network/egress/http/2/binaries",
            "/network/egress/http/3/match",
            "/network/egress/http/4/match",
            "/network/egress/http/5/rules/0/query",
            "/network/egress/udp",
            "/network/default",
            "/network/egress/http/6",
        ]
    );
    assert_eq!(
        pointers(&json!({"egress": {}, "network": {}, "mixins": []})),
        ["/network", "/mixins"]
    );
}

/// Decides as the routes do: one after the other.
mod ordered {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use crate::{Host, Policy, Request, Target, Verdict};

    const HOSTS: [&str; 7] = [
        "a.test",
        "*.a.test",
        "*.test",
        "b.a.test",
        "*",
        "a.test:80",
        "c.test",
    ];

    fn routes() -> impl Strategy<Value = Vec<(String, String, Option<&'static str>)>> {
        let route = (
            prop::sample::select(&HOSTS[..]),
            prop::sample::select(&["allow", "ask", "deny"][..]),
            prop::option::weighted(0.2, prop::sample::select(&["GET", "POST"][..])),
        );
        let route = route.prop_map(|(host, verdict, method)| {
            let method = method.filter(|_| verdict != "deny");
            (host.to_owned(), verdict.to_owned(), method)
        });
        prop::collection::vec(route, 0..5)
    }

    fn fits(pattern: &str, host: &str, port: u16) -> bool {
        let (pattern, own) = match pattern.split_once(':') {
            Some((pattern, own)) => (pattern, own.parse().ok()),
            None => (pattern, None),
        };
        let is_host = match pattern.strip_prefix("*.") {
            Some(domain) => host == domain || host.ends_with(&format!(".{domain}")),
            None => pattern == "*" || pattern == host,
        };
        is_host && own.is_none_or(|own: u16| own == port)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn what_is_translated_decides_as_the_routes_do(
            routes in routes(),
            default in prop::sample::select(&["allow", "ask", "deny"][..]),
        ) {
            let written: Vec<Value> = routes.iter().map(|(host, verdict, method)| match method {
                Some(method) => json!({"match": host, "verdict": verdict, "rules": [{"method": method}]}),
                None => json!({"match": host, "verdict": verdict}),
            }).collect();
            let spec = json!({"network": {"allowedRoutes": written, "defaultVerdict": default}});
            let Ok(document) = super::read("p", &spec) else {
                return Ok(());
            };
            let policy = Policy::compile(vec![document]);
            for host in ["a.test", "b.a.test", "d.b.a.test", "test", "c.test", "x.test", "other"] {
                for port in [80, 443] {
                    for method in ["GET", "POST", "PUT"] {
                        let first = routes.iter().find(|(pattern, ..)| fits(pattern, host, port));
                        let expected = match first {
                            Some((_, _, Some(only))) if *only != method => Verdict::Deny,
                            Some((_, verdict, _)) => Verdict::of(verdict).unwrap(),
                            None => Verdict::of(default).unwrap(),
                        };
                        let target = Target { host: Host::Name(host), port };
                        let decision = policy.request(&target, &Request { method, path: "/" });
                        prop_assert_eq!(decision.verdict, expected, "{} {} {}", host, port, method);
                    }
                }
            }
        }

        #[test]
        fn whatever_is_read_has_no_faults_left(text in "[\\[\\]{}\":,a-z*./0-9 ]{0,200}") {
            if let Ok(spec) = serde_json::from_str::<Value>(&text)
                && let Ok(document) = super::read("p", &spec)
            {
                prop_assert_eq!(document.faults(), []);
            }
        }
    }
}
