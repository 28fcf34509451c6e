//! Tests of documents that must be refused, with the exact faults. The members that all families
//! share are here, the specs are in the files below.

mod application;
mod runtime;

use serde_json::{Value, json};

use super::{minimal, set};
use crate::{Family, MAX_FAULTS, validate, validate_blob};

/// A change to the minimal document: pointer, value, and the pointers of the resulting faults.
type Case<'a> = (&'a str, Value, &'a [&'a str]);

fn check(family: Family, cases: &[Case<'_>]) {
    for (pointer, value, expected) in cases {
        let mut document = minimal(family);
        set(&mut document, pointer, value.clone());
        let faults = validate(family, &document);
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(
            pointers, *expected,
            "{family} {pointer} = {value}: {faults:#?}"
        );
    }
}

/// As [`check`], where the pointer of the change is that of the only fault.
fn check_at(family: Family, cases: &[(&str, Value)]) {
    for (pointer, value) in cases {
        check(family, &[(pointer, value.clone(), &[pointer])]);
    }
}

#[test]
fn the_envelope_is_the_same_for_all() {
    for family in Family::ALL {
        check_at(
            family,
            &[
                ("/apiVersion", json!("lens.dev/v1")),
                ("/kind", json!("Gadget")),
                ("/kind", json!(family.name())),
                ("/metadata", json!([])),
                ("/metadata/name", json!("")),
                ("/metadata/name", json!("Upper")),
                ("/metadata/name", json!("-x")),
                ("/metadata/name", json!("x-")),
                ("/metadata/name", json!("a.b")),
                ("/metadata/name", json!("a\n")),
                ("/metadata/name", json!(7)),
                ("/metadata/labels", json!("x")),
                ("/metadata/description", json!(["x"])),
                ("/spec", json!("x")),
                ("/mounts", json!({})),
                ("/specs", json!({})),
                ("/a~1b~0c", json!(1)),
            ],
        );
        check(
            family,
            &[
                ("/metadata/name", json!("x".repeat(64)), &["/metadata/name"]),
                (
                    "/metadata/labels",
                    json!({"a": 1, "b": "c", "d/e": null}),
                    &["/metadata/labels/a", "/metadata/labels/d~1e"],
                ),
            ],
        );
        let mut long = minimal(family);
        set(&mut long, "/metadata/name", json!("x".repeat(63)));
        set(&mut long, "/metadata/owner", json!({"free": true}));
        assert_eq!(validate(family, &long), []);
    }
}

#[test]
fn every_missing_member_is_named() {
    for family in Family::ALL {
        let last = if family == Family::Fileset {
            "/mount"
        } else {
            "/spec"
        };
        let pointers = |document: &Value| -> Vec<String> {
            let faults = validate(family, document);
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        let mut expected = ["/apiVersion", "/kind", "/metadata", last];
        assert_eq!(pointers(&json!({})), expected);
        expected[2] = "/metadata/name";
        assert_eq!(pointers(&json!({"metadata": {}})), expected);
        for document in [json!(null), json!([]), json!("x"), json!(1)] {
            assert_eq!(pointers(&document), [""]);
        }
    }
}

#[test]
fn mount_is_for_application_families() {
    for family in Family::ALL {
        let mut document = minimal(family);
        set(
            &mut document,
            "/mount",
            json!({"path": "/opt/x", "readOnly": false}),
        );
        let faults = validate(family, &document);
        match family.class() {
            crate::Class::Application => {
                assert_eq!(faults, []);
                check_at(
                    family,
                    &[("/mount", json!("/opt/x")), ("/mount", json!(null))],
                );
                check(
                    family,
                    &[
                        (
                            "/mount",
                            json!({"path": "/x", "readonly": true}),
                            &["/mount/readonly"],
                        ),
                        (
                            "/mount",
                            json!({"path": "/x", "readOnly": "yes"}),
                            &["/mount/readOnly"],
                        ),
                        ("/mount", json!({"path": "x/../y"}), &["/mount/path"]),
                        ("/mount", json!({"path": "/proc/x"}), &["/mount/path"]),
                        ("/mount", json!({"path": 1}), &["/mount/path"]),
                    ],
                );
            }
            crate::Class::Runtime => {
                assert_eq!(faults.len(), 1);
                assert_eq!(faults[0].pointer, "/mount");
                assert!(
                    faults[0].message.contains("mounted into an agent"),
                    "{}",
                    faults[0]
                );
            }
        }
    }
}

#[test]
fn messages_say_what_is_expected() {
    let cases = [
        (
            Family::Agent,
            "/spec/ports",
            json!(["8o80"]),
            "'8o80' is not a port such as 8080",
        ),
        (Family::Agent, "/spec/ports", json!([true]), "found true"),
        (
            Family::Agent,
            "/spec/image",
            json!(7),
            "expected a reference",
        ),
        (
            Family::Agent,
            "/metadata/name",
            json!("A_b"),
            "'A_b' is not a DNS label",
        ),
        (
            Family::Agent,
            "/apiVersion",
            json!("v1"),
            "'v1' is not 'lens.dev/v1alpha1'",
        ),
        (
            Family::Sandbox,
            "/spec/isolation",
            json!("vm"),
            "'vm' is not one of 'microvm', 'container'",
        ),
        (
            Family::Sandbox,
            "/spec/resources",
            json!({"ram": 1}),
            "unknown member 'ram': expected one of cpu, disk, memory",
        ),
        (
            Family::Agent,
            "/spec/env",
            json!({"a-b": "x"}),
            "'a-b' is not a variable name",
        ),
        (
            Family::Agent,
            "/spec/env",
            json!({"A": 1}),
            "found number 1; quote it",
        ),
        (
            Family::Tool,
            "/mount",
            json!({"path": "/proc"}),
            "is under /proc",
        ),
        (
            Family::Integration,
            "/spec/endpoints",
            json!([]),
            "at least 1 needed",
        ),
        (
            Family::Integration,
            "/spec/credentials",
            json!([{"name": "a", "inject": {}}]),
            "exactly one of header, query and basic",
        ),
    ];
    for (family, pointer, value, words) in cases {
        let mut document = minimal(family);
        set(&mut document, pointer, value);
        let faults = validate(family, &document);
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert!(faults[0].message.contains(words), "{}: {words}", faults[0]);
    }
}

#[test]
fn a_message_never_carries_a_document_or_control_characters() {
    let mut document = minimal(Family::Agent);
    let hostile = format!("\u{1b}[2J\r\n{}", "x".repeat(100_000));
    set(&mut document, "/spec/image", json!(hostile));
    set(&mut document, "/spec/user", json!({"big": hostile}));
    set(&mut document, &format!("/{}", "y".repeat(10_000)), json!(1));
    for fault in validate(Family::Agent, &document) {
        assert!(fault.message.len() < 300, "{}", fault.message.len());
        assert!(
            !fault.message.chars().any(char::is_control),
            "{}",
            fault.message
        );
    }
}

#[test]
fn the_list_of_faults_is_sorted_and_bounded() {
    let mut document = minimal(Family::Agent);
    set(&mut document, "/spec/ports", json!(vec![0; 50]));
    let faults = validate(Family::Agent, &document);
    let expected: Vec<_> = (0..50)
        .map(|index| format!("/spec/ports/{index}"))
        .collect();
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.clone()).collect();
    assert_eq!(pointers, expected);

    set(&mut document, "/spec/ports", json!(vec![0; 50_000]));
    let faults = validate(Family::Agent, &document);
    assert_eq!(faults.len(), MAX_FAULTS);
    assert_eq!(faults[MAX_FAULTS - 1].keyword, "limit");
}

#[test]
fn a_blob_that_is_not_json_has_one_fault() {
    let faults = validate_blob(Family::Agent, b"kind: Agent").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].pointer.as_str(), faults[0].keyword.as_str()),
        ("", "json")
    );
}
