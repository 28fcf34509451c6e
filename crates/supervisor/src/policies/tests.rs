use std::fs;

use lazaret_egress::AskRecord;
use lazaret_policy::{RuleId, Verdict};

use super::settle_in_policy;
use crate::{Error, NetworkError};

fn asked(host: &str) -> AskRecord {
    AskRecord {
        ask: 1,
        rule: RuleId("policy#1".to_owned()),
        host: host.to_owned(),
        port: 443,
        method: Some("POST".to_owned()),
        path: Some("/v1/x".to_owned()),
        connection: false,
    }
}

/// Settles in a file of this text; returns what it says then.
fn settled(text: Option<&str>, verdict: Verdict) -> Result<String, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    if let Some(text) = text {
        fs::write(&path, text).unwrap();
    }
    let change = settle_in_policy(&path, &asked("api.test"), verdict);
    let now = fs::read_to_string(&path).unwrap_or_default();
    match &change {
        Ok(change) => {
            assert_eq!(change.after, now);
            assert_eq!(change.before, text.unwrap_or_default());
        }
        Err(_) => assert_eq!(now, text.unwrap_or_default(), "nothing is changed"),
    }
    change.map(|change| change.after)
}

const RULE: &str = "    - match: api.test\n      verdict: allow\n      ports: [443]\n";

#[test]
fn a_rule_is_added_where_it_settles() {
    for rules in [
        "  default: ask\n  rules: []\n",
        "  rules:\n    - match: api.test\n      verdict: ask\n",
        "  rules:\n    - match: \"*.test\"\n      ports: [443]\n      methods: [POST]\n      paths: [/v1/x]\n      verdict: ask\n",
    ] {
        let now = settled(Some(&format!("network:\n{rules}")), Verdict::Allow).unwrap();
        let is_there = now.contains(RULE.trim_start())
            || now.contains(r#"[{"match": "api.test", "verdict": "allow", "ports": [443]}]"#);
        assert!(is_there, "{now}");
    }
    let new = settled(None, Verdict::Allow).unwrap();
    assert!(new.ends_with(RULE), "{new}");
}

#[test]
fn a_rule_about_the_same_place_changes_its_verdict() {
    let text = "network:\n  rules:\n    - match: b.test\n      verdict: deny\n    - match: API.test\n      ports: [443]\n      verdict: ask\n";
    let now = settled(Some(text), Verdict::Allow).unwrap();
    assert_eq!(
        now,
        "network:\n  rules:\n    - match: b.test\n      verdict: deny\n".to_owned() + RULE
    );
}

#[test]
fn a_refusal_is_a_rule_that_wins() {
    let text =
        "network:\n  rules:\n    - match: api.test\n      ports: [443]\n      verdict: ask\n";
    let now = settled(Some(text), Verdict::Deny).unwrap();
    assert_eq!(now, format!("{text}{}", RULE.replace("allow", "deny")));
}

#[test]
fn what_would_be_decided_otherwise_is_not_written() {
    for text in [
        "network:\n  rules:\n    - match: \"*.test\"\n      verdict: deny\n",
        "network:\n  rules:\n    - match: api.test\n      ports: [443]\n      methods: [POST]\n      verdict: ask\n",
    ] {
        let error = settled(Some(text), Verdict::Allow).unwrap_err();
        assert!(
            matches!(error, Error::Network(NetworkError::NotSettled { .. })),
            "{error:?}"
        );
    }
    assert!(settled(Some("network: 7"), Verdict::Allow).is_err());
}

#[test]
fn a_link_in_the_place_of_a_policy_file_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (other, link) = (
        folder.path().join("other"),
        folder.path().join("policy.yaml"),
    );
    for there in [false, true] {
        if there {
            fs::write(&other, "network: {default: deny}\n").unwrap();
        }
        let _old = fs::remove_file(&link);
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let error = settle_in_policy(&link, &asked("api.test"), Verdict::Allow).unwrap_err();
        assert!(error.to_string().contains("failed to replace"), "{error}");
        assert_eq!(other.exists(), there);
    }
    assert_eq!(
        fs::read_to_string(&other).unwrap(),
        "network: {default: deny}\n"
    );
}
