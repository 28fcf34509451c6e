use serde_json::{Value, json};

use super::config;
use crate::{Error, Family, PolicyFile, integration_id};
use lazaret_policy::Verdict;

#[test]
fn ids_are_the_last_segment_without_tag_and_digest() {
    let digest = format!(
        "localhost:5000/acme/integrations/github@sha256:{}",
        "a".repeat(64)
    );
    let cases = [
        ("acme/integrations/github:v1", "github"),
        ("localhost:5000/acme/integrations/github", "github"),
        ("localhost:5000/github:v1", "github"),
        ("github", "github"),
        (digest.as_str(), "github"),
    ];
    for (reference, id) in cases {
        assert_eq!(integration_id(reference), id, "{reference}");
    }
}

#[test]
fn an_artifact_is_unwrapped_and_its_references_become_ids() {
    let network = json!({"default": "ask", "rules": [{"match": "a.example", "verdict": "allow"}]});
    let digest = format!("sha256:{}", "0".repeat(64));
    let policy = config(
        Family::Policy,
        json!({
            "network": network,
            "integrations": [{"ref": "acme/integrations/github:v1", "digest": digest}],
            "filesystem": {"readOnly": ["/etc"]},
        }),
    );
    let expected = json!({
        "network": network,
        "integrations": ["github"],
        "filesystem": {"readOnly": ["/etc"]},
    });
    assert_eq!(PolicyFile::of("p", &policy).unwrap().to_value(), expected);
    assert_eq!(
        PolicyFile::read("p", policy.value()).unwrap().to_value(),
        expected
    );
}

#[test]
fn a_flat_file_is_accepted_as_it_is() {
    let flat = json!({"network": {"default": "deny"}, "integrations": ["github", "slack"]});
    assert_eq!(PolicyFile::read("p", &flat).unwrap().to_value(), flat);
    let mixed = json!({"integrations": ["github", {"ref": "acme/integrations/slack:v1"}]});
    assert_eq!(
        PolicyFile::read("p", &mixed).unwrap().to_value(),
        json!({"integrations": ["github", "slack"]})
    );
    let silent = PolicyFile::read("p", &json!({})).unwrap();
    assert_eq!(silent.documents()[0].default, Some(Verdict::Deny));
}

#[test]
fn a_broken_file_is_refused_with_its_own_pointers() {
    let cases = [
        (
            json!({"network": {"rules": [{"match": "x", "verdict": "maybe"}]}}),
            "/network/rules/0/verdict",
        ),
        (json!({"network": {"defualt": "allow"}}), "/network/defualt"),
        (json!({"kind": "Policy", "spec": {}}), "/apiVersion"),
        (json!([1]), ""),
        (json!("text"), ""),
        (Value::Null, ""),
    ];
    for (document, pointer) in cases {
        match PolicyFile::read("p", &document) {
            Err(Error::Invalid { faults, .. }) => {
                assert!(
                    faults.iter().any(|f| f.pointer == pointer),
                    "{document}: {faults:?}"
                );
            }
            other => panic!("{document}: {other:?}"),
        }
    }
}

#[test]
fn several_become_one_with_the_strictest_default() {
    let policies = [
        (
            "first",
            json!({"network": {"default": "allow", "rules": [{"match": "a", "verdict": "deny"}]},
               "integrations": ["x", "y"], "process": {"user": "a"}}),
        ),
        (
            "second",
            json!({"network": {"default": "ask", "rules": [{"match": "b", "verdict": "allow"}]},
               "integrations": ["y", "z"], "process": {"user": "b"}}),
        ),
    ]
    .map(|(origin, policy)| PolicyFile::read(origin, &policy).unwrap());
    assert_eq!(
        PolicyFile::merged(&policies).unwrap().to_value(),
        json!({
            "network": {"default": "ask", "rules": [
                {"match": "a", "verdict": "deny"}, {"match": "b", "verdict": "allow"},
            ]},
            "integrations": ["x", "y", "z"],
            "process": {"user": "a"},
        })
    );
    assert_eq!(PolicyFile::merged(&[]), None);
    assert_eq!(
        PolicyFile::merged(&policies[..1]).as_ref(),
        Some(&policies[0])
    );
    let documents = PolicyFile::merged(&policies).unwrap().documents().to_vec();
    let told: Vec<_> = documents
        .iter()
        .map(|own| (own.origin.as_str(), own.rules.len()))
        .collect();
    assert_eq!(told, [("first", 1), ("second", 1)]);
    // The rule that denies comes first, wherever its policy stands.
    let swapped = [policies[1].clone(), policies[0].clone()];
    let merged = PolicyFile::merged(&swapped).unwrap().to_value();
    let verdicts = merged["network"]["rules"].as_array().unwrap().iter();
    let verdicts: Vec<&Value> = verdicts.map(|rule| &rule["verdict"]).collect();
    assert_eq!(verdicts, ["deny", "allow"]);
    let silent = PolicyFile::read("silent", &json!({})).unwrap();
    let merged = PolicyFile::merged(&[policies[0].clone(), silent]).unwrap();
    assert_eq!(merged.to_value()["network"]["default"], "deny");
}

#[test]
fn lens_policies_are_taken_as_they_are_and_told_where_their_order_matters() {
    let route = |host: &str, verdict: &str| json!({"match": host, "verdict": verdict});
    let good = json!([route("*.a.test", "allow"), route("b.test:8443", "deny")]);
    let bad = json!([route("a.test", "allow"), route("*.test", "deny")]);
    let shapes: [fn(&Value) -> Value; 2] = [
        |routes| json!({"network": {"allowedRoutes": routes, "defaultVerdict": "ask"}}),
        |routes| json!({"network": {"egress": {"http": routes, "tcp": []}}}),
    ];
    for (index, shape) in shapes.into_iter().enumerate() {
        let read = PolicyFile::read("p", &shape(&good)).unwrap();
        let rules = &read.documents()[0].rules;
        let hosts: Vec<&str> = rules.iter().map(|rule| rule.pattern.as_str()).collect();
        assert_eq!(hosts, ["a.test", "*.a.test", "b.test"]);
        assert_eq!(read.documents()[0].default, Some(Verdict::Ask));
        assert_eq!(read.to_value(), shape(&good));
        // A registry takes what it does not enforce.
        let ordered = config(Family::Policy, shape(&bad));
        let Err(Error::Invalid { faults, .. }) = PolicyFile::of("p", &ordered) else {
            panic!("{index}");
        };
        assert!(
            faults[0].pointer.starts_with("/spec/network/"),
            "{faults:?}"
        );
        assert!(faults[0].message.contains("'deny *.test'"), "{faults:?}");
        let Err(Error::Invalid { faults, .. }) = PolicyFile::read("p", &shape(&bad)) else {
            panic!("{index}");
        };
        assert!(faults[0].pointer.starts_with("/network/"), "{faults:?}");
    }
    let mixin = |spec: Value| json!({"apiVersion": "lns.run/v1", "kind": "mixin", "name": "a", "spec": spec});
    let read = PolicyFile::read("p", &mixin(json!({"egress": {"http": good}, "tools": []})));
    assert_eq!(read.unwrap().documents()[0].rules.len(), 3);
    let read = PolicyFile::read("p", &mixin(json!({}))).unwrap();
    assert_eq!(read.documents()[0].default, Some(Verdict::Ask));
    assert!(read.opens());
    for (mixin, pointer) in [
        (
            json!({"apiVersion": "lns.run/v1", "kind": "sandbox"}),
            "/kind",
        ),
        (
            mixin(json!({"egress": {"http": bad}})),
            "/spec/egress/http/1",
        ),
        (
            mixin(json!({"egress": {}, "mixins": ["a"]})),
            "/spec/mixins",
        ),
    ] {
        let Err(Error::Invalid { faults, .. }) = PolicyFile::read("p", &mixin) else {
            panic!("{mixin}");
        };
        assert_eq!(faults[0].pointer, pointer);
    }
}

#[test]
fn what_cannot_be_enforced_is_no_valid_rule() {
    let policy = |rule: Value| json!({"network": {"rules": [rule]}});
    for (rule, member) in [
        (
            json!({"match": "a.test", "verdict": "allow", "transport": "udp"}),
            "transport",
        ),
        (json!({"match": "10.0.0.1/8", "verdict": "allow"}), "match"),
        (json!({"match": "300.0.0.1", "verdict": "allow"}), "match"),
        (
            json!({"match": "a.test", "verdict": "deny", "paths": ["/a/../b"]}),
            "paths/0",
        ),
        (
            json!({"match": "a.test", "verdict": "allow", "ports": ["9-8"]}),
            "ports/0",
        ),
    ] {
        let Err(Error::Invalid { faults, .. }) = PolicyFile::read("p", &policy(rule)) else {
            panic!("{member}");
        };
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].pointer, format!("/network/rules/0/{member}"));
    }
    let mixed = json!({"network": {"rules": [], "allowedRoutes": []}});
    let Err(Error::Invalid { faults, .. }) = PolicyFile::read("p", &mixed) else {
        panic!("{mixed}");
    };
    assert!(faults[0].message.contains("a mixture"), "{faults:?}");
}
