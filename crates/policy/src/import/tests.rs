use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ImportError, Tool, import};
use crate::Verdict;

/// The rules in one line each, and what is left out.
fn read(policy: &Value, tool: Tool) -> (Option<Verdict>, Vec<String>, Vec<String>) {
    assert_eq!(Tool::of(policy), Some(tool));
    let imported = import(None, policy).unwrap();
    assert_eq!(imported.document.faults(), []);
    let rules = imported.document.rules.iter().map(|rule| {
        let ports: Vec<String> = rule.ports.iter().map(ToString::to_string).collect();
        let mut words = vec![rule.verdict.to_string(), rule.pattern.clone()];
        words.extend(ports);
        words.extend(rule.methods.clone());
        words.extend(rule.paths.clone());
        words.join(" ")
    });
    (
        imported.document.default,
        rules.collect(),
        imported.left_out,
    )
}

fn begins(lines: &[String], starts: &[&str]) {
    assert_eq!(lines.len(), starts.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line} {start}");
    }
}

#[test]
fn claude() {
    let policy = json!({
        "sandbox": {"enabled": true, "network": {
            "allowedDomains": ["api.test", "*.b.test", "c.test:8080", "bad host", 7],
            "deniedDomains": ["x.b.test"],
            "allowLocalBinding": true,
        }},
        "permissions": {},
    });
    let (default, rules, left) = read(&policy, Tool::Claude);
    assert_eq!(default, Some(Verdict::Ask));
    assert_eq!(
        rules,
        [
            "allow api.test",
            "allow *.b.test",
            "allow c.test 8080",
            "deny x.b.test"
        ]
    );
    let lists = "sandbox.network.allowedDomains";
    begins(
        &left,
        &[
            "permissions",
            "sandbox.network.allowLocalBinding",
            lists,
            lists,
        ],
    );
    let strict = json!({"network": {"allowedDomains": [], "strictAllowlist": true}});
    assert_eq!(read(&strict, Tool::Claude).0, Some(Verdict::Deny));
}

#[test]
fn docker() {
    let kit = json!({"schemaVersion": "1", "kind": "mixin", "permissions": {"network": {
        "allow": ["a.test", "**.b.test", "*.c.test", "d.test:443"], "deny": ["*.e.test"], "ask": []}}, "initFiles": []});
    let (default, rules, left) = read(&kit, Tool::Docker);
    assert_eq!(default, Some(Verdict::Deny));
    assert_eq!(
        rules,
        [
            "allow a.test",
            "allow *.b.test",
            "allow d.test 443",
            "deny *.e.test"
        ]
    );
    begins(
        &left,
        &[
            "initFiles",
            "permissions.network.ask",
            "permissions.network.allow: '*.c.test'",
        ],
    );
}

#[test]
fn openshell() {
    let policy = json!({"version": 1, "filesystem_policy": {}, "network_policies": {"api": {
        "endpoints": [
            {"host": "a.test", "port": 443, "protocol": "rest", "access": "read-only"},
            {"host": "b.test", "port": 443, "rules": [{"allow": {"method": "POST", "path": "/v1/**"}},
                {"allow": {"method": "GET", "path": "/q", "query": {}}}],
             "deny_rules": [{"method": "DELETE", "path": "/v1/x"}], "allowed_ips": ["10.0.0.0/8"]},
            {"host": "c.test", "ports": [1, 2], "access": "full"},
            {"host": "d.test"},
        ],
        "binaries": [{"path": "/usr/bin/curl"}],
    }}});
    let (default, rules, left) = read(&policy, Tool::OpenShell);
    assert_eq!(default, Some(Verdict::Deny));
    assert_eq!(
        rules,
        [
            "allow a.test 443 GET HEAD OPTIONS",
            "deny b.test 443 DELETE /v1/x",
            "allow b.test 443 POST /v1/**",
            "allow c.test 1 2",
        ]
    );
    let place = "network_policies.api";
    begins(
        &left,
        &[
            "filesystem_policy",
            &format!("{place}.binaries"),
            &format!("{place}.endpoints[1].allowed_ips"),
            &format!("{place}.endpoints[1].rules.query"),
            &format!("{place}.endpoints[3]: names no port"),
        ],
    );
}

#[test]
fn microsandbox() {
    let policy = json!({"rules": ["deny@10.1.0.0/16", "allow@a.test:tcp:443", "allow@dns:udp:53",
        "allow@[fd00::1]:tcp:80", "deny@loopback", "allow@public:tcp:80"]});
    let (default, rules, left) = read(&policy, Tool::Microsandbox);
    assert_eq!(default, Some(Verdict::Deny));
    assert_eq!(
        rules,
        [
            "deny 10.1.0.0/16",
            "allow a.test 443",
            "allow fd00::1 80",
            "allow * 80"
        ]
    );
    begins(
        &left,
        &["rule 3 'allow@dns:udp:53'", "rule 5 'deny@loopback'"],
    );
    let ordered = json!(["allow@a.test", "deny@*.test", "allow@b.test"]);
    let error = import(None, &ordered).unwrap_err();
    assert!(error.to_string().contains("'deny *.test'"), "{error}");
}

#[test]
fn lens() {
    let policy =
        json!({"network": {"egress": {"http": [{"match": "a.test", "verdict": "allow"}]}}});
    let (default, rules, left) = read(&policy, Tool::Lens);
    assert_eq!(
        (default, rules),
        (Some(Verdict::Ask), vec!["allow a.test".to_owned()])
    );
    assert_eq!(left, [""; 0]);
    assert_eq!(import(None, &json!({"a": 1})), Err(ImportError::Unknown));
    assert_eq!(
        import(Some(Tool::Docker), &json!([])),
        Err(ImportError::Unknown)
    );
}

#[test]
fn bits_of_a_network_are_written_in_one_way() {
    for (network, is_one) in [
        ("29.0.0.0/21", true),
        ("29.0.0.0/021", false),
        ("0.0.0.0/0", true),
        ("0.0.0.0/00", false),
    ] {
        let imported = import(
            Some(Tool::Microsandbox),
            &json!([format!("deny@{network}")]),
        );
        let has_rule = imported.is_ok_and(|imported| !imported.document.rules.is_empty());
        assert_eq!(has_rule, is_one, "{network}");
    }
}

proptest! {
    #[test]
    fn whatever_is_imported_has_no_faults(text in "[\\[\\]{}\":,a-z@*./0-9_ ]{0,200}", tool in 0..5_usize) {
        if let Ok(policy) = serde_json::from_str::<Value>(&text)
            && let Ok(imported) = import(Some(Tool::ALL[tool]), &policy)
        {
            prop_assert_eq!(imported.document.faults(), []);
        }
    }
}
