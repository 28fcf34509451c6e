//! Tests the schema authority: the registry refuses what `validate` refuses, with the same faults.

use lazaret_artifacts::{Family, validate};
use lazaret_oci::{Descriptor, media_type};
use serde_json::{Value, json};

use crate::support::{Reply, Served, served};

/// Pushes an artifact with this configuration.
fn push(served: &Served, family: Family, kind: Option<&str>, config: &[u8]) -> Reply {
    served.push_blob("acme/x", config);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::of(family.config_media_type(), config),
        "layers": [],
    });
    if let Some(kind) = kind {
        manifest["artifactType"] = json!(kind);
    }
    served.put_manifest("acme/x", "v1", &manifest)
}

#[test]
fn every_family_is_checked_with_all_faults() {
    let (_parent, served) = served();
    for family in Family::ALL {
        let config = json!({
            "apiVersion": "lens.dev/v2", "kind": "Nothing", "metadata": {"name": "Not A Label"},
            "spec": [],
        });
        let expected = validate(family, &config);
        assert!(expected.len() >= 3, "{family}: {expected:?}");
        let body = serde_json::to_vec(&config).unwrap();
        // Without an artifact type, the type of the configuration decides.
        for kind in [Some(family.artifact_type()), None] {
            let reply = push(&served, family, kind, &body);
            reply.is_error(400, "MANIFEST_INVALID");
            let errors = reply.json()["errors"].clone();
            let found: Vec<&Value> = errors
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| &entry["detail"])
                .collect();
            let expected: Vec<Value> = expected
                .iter()
                .map(|fault| {
                    json!({
                        "family": family.name(), "pointer": fault.pointer,
                        "keyword": fault.keyword,
                    })
                })
                .collect();
            assert_eq!(found, expected.iter().collect::<Vec<_>>(), "{family}");
        }
    }
    served
        .get("/v2/acme/x/manifests/v1")
        .is_error(404, "MANIFEST_UNKNOWN");
}

#[test]
fn a_valid_artifact_is_taken() {
    let (_parent, served) = served();
    let config = json!({
        "apiVersion": "lens.dev/v1alpha1", "kind": "Model", "metadata": {"name": "m"},
        "spec": {"provider": "p", "model": "m"},
    });
    let body = serde_json::to_vec(&config).unwrap();
    let reply = push(
        &served,
        Family::Model,
        Some(Family::Model.artifact_type()),
        &body,
    );
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[test]
fn configurations_that_cannot_be_read_are_faults() {
    let (_parent, served) = served();
    for config in [&b"not json"[..], b"", b"\xff", b"[]", b"null"] {
        push(&served, Family::Agent, None, config).is_error(400, "MANIFEST_INVALID");
    }
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    push(&served, Family::Agent, None, &large).is_error(400, "MANIFEST_INVALID");
}

#[test]
fn two_families_in_one_manifest_are_a_fault() {
    let (_parent, served) = served();
    let config = serde_json::to_vec(&json!({
        "apiVersion": "lens.dev/v1alpha1", "kind": "Model", "metadata": {"name": "m"},
        "spec": {"provider": "p", "model": "m"},
    }))
    .unwrap();
    let other = Family::Agent.artifact_type();
    push(&served, Family::Model, Some(other), &config).is_error(400, "MANIFEST_INVALID");
}

#[test]
fn unknown_types_pass() {
    let (_parent, served) = served();
    served.push_blob("a", b"not json");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "artifactType": "application/vnd.lens.unheard-of.v1+json",
        "config": Descriptor::of("application/vnd.lens.unheard-of.config.v1+json", b"not json"),
        "layers": [],
    });
    assert_eq!(served.put_manifest("a", "v1", &manifest).status, 201);
}
