use serde_json::json;

use super::{check, check_at};
use crate::tests::{minimal, remove};
use crate::{Family, validate};

#[test]
fn model() {
    check_at(
        Family::Model,
        &[
            ("/spec/provider", json!("")),
            ("/spec/model", json!(4)),
            ("/spec/parameters", json!([])),
        ],
    );
    check(
        Family::Model,
        &[("/spec", json!({}), &["/spec/model", "/spec/provider"])],
    );
}

#[test]
fn tool() {
    check_at(
        Family::Tool,
        &[
            ("/spec/version", json!(1.1)),
            ("/spec/command", json!([])),
            ("/spec/inputSchema", json!("x")),
            ("/spec/packages", json!({})),
        ],
    );
    check(
        Family::Tool,
        &[(
            "/spec/packages",
            json!([{"registryType": "oci", "identifier": 1, "transport": {"type": []}}, "x"]),
            &[
                "/spec/packages/0/identifier",
                "/spec/packages/0/transport/type",
                "/spec/packages/1",
            ],
        )],
    );
}

#[test]
fn knowledge() {
    check_at(
        Family::Knowledge,
        &[
            ("/spec/docs", json!("x")),
            ("/spec/strategies", json!({})),
            ("/spec/results", json!(1)),
        ],
    );
    check(
        Family::Knowledge,
        &[
            (
                "/spec/docs",
                json!(["a", 1, {"path": "b"}]),
                &["/spec/docs/1"],
            ),
            (
                "/spec/strategies",
                json!([{}, "x"]),
                &["/spec/strategies/1"],
            ),
        ],
    );
}

#[test]
fn fileset() {
    check_at(
        Family::Fileset,
        &[("/spec", json!("x")), ("/spec", json!(null))],
    );
    check(
        Family::Fileset,
        &[("/mount", json!({"readOnly": true}), &["/mount/path"])],
    );
    let mut document = minimal(Family::Fileset);
    remove(&mut document, "/mount");
    assert_eq!(validate(Family::Fileset, &document)[0].pointer, "/mount");
}
