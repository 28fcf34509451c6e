use serde_json::{Value, json};

use super::config;
use crate::{Error, Family, PolicyFile, integration_id};

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
    assert_eq!(PolicyFile::of(&policy).to_value(), expected);
    assert_eq!(
        PolicyFile::read(policy.value()).unwrap().to_value(),
        expected
    );
}

#[test]
fn a_flat_file_is_accepted_as_it_is() {
    let flat = json!({"network": {"default": "deny"}, "integrations": ["github", "slack"]});
    assert_eq!(PolicyFile::read(&flat).unwrap().to_value(), flat);
    let mixed = json!({"integrations": ["github", {"ref": "acme/integrations/slack:v1"}]});
    assert_eq!(
        PolicyFile::read(&mixed).unwrap().to_value(),
        json!({"integrations": ["github", "slack"]})
    );
    assert_eq!(
        PolicyFile::read(&json!({})).unwrap().default_verdict(),
        "deny"
    );
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
        match PolicyFile::read(&document) {
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
        json!({"network": {"default": "allow", "rules": [{"match": "a", "verdict": "deny"}]},
               "integrations": ["x", "y"], "process": {"user": "a"}}),
        json!({"network": {"default": "ask", "rules": [{"match": "b", "verdict": "allow"}]},
               "integrations": ["y", "z"], "process": {"user": "b"}}),
    ]
    .map(|policy| PolicyFile::read(&policy).unwrap());
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
    // The rule that denies comes first, wherever its policy stands.
    let swapped = [policies[1].clone(), policies[0].clone()];
    let merged = PolicyFile::merged(&swapped).unwrap();
    let verdicts: Vec<&Value> = merged.rules().map(|rule| &rule["verdict"]).collect();
    assert_eq!(verdicts, ["deny", "allow"]);
    let silent = PolicyFile::read(&json!({})).unwrap();
    let merged = PolicyFile::merged(&[policies[0].clone(), silent]).unwrap();
    assert_eq!(merged.default_verdict(), "deny");
}
