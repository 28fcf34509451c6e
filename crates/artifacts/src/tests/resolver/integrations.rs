//! Tests of the integrations of a policy.

use super::*;

#[test]
fn integrations_hang_off_the_policy() {
    let mut policy = example(Family::Policy);
    set(
        &mut policy,
        "/spec/integrations",
        json!([{"ref": "acme/integrations/hello-service:v1"}]),
    );
    let second = "acme/policies/second:v1";
    let source = changed(
        "/spec/components/policies",
        json!([{"ref": "acme/policies/hello-policy:v1"}, {"ref": second}]),
    )
    .artifact(
        "acme/policies/hello-policy:v1",
        Family::Policy,
        policy.clone(),
    )
    .artifact(second, Family::Policy, policy);
    let resolved = source.run("acme/bundles/hello:v1").unwrap();
    let file = resolved.policy.unwrap();
    assert_eq!(file.integrations().collect::<Vec<_>>(), ["hello-service"]);
    assert_eq!(file.documents().len(), 2);
    assert_eq!(resolved.integrations.len(), 1);
    assert_eq!(resolved.integrations[0].id, "hello-service");
    assert!(
        resolved
            .components
            .iter()
            .any(|part| part.slot == Slot::Integrations)
    );
    assert!(matches!(
        resolved.warnings[..],
        [Warning::PoliciesMerged { .. }]
    ));
}

#[test]
fn two_integrations_cannot_share_an_id() {
    let mut policy = example(Family::Policy);
    set(
        &mut policy,
        "/spec/integrations",
        json!([
            {"ref": "acme/integrations/hello-service:v1"},
            {"ref": "other/integrations/hello-service:v1"},
        ]),
    );
    let error = hello()
        .artifact("acme/policies/hello-policy:v1", Family::Policy, policy)
        .artifact(
            "other/integrations/hello-service:v1",
            Family::Integration,
            example(Family::Integration),
        )
        .refusal("acme/bundles/hello:v1");
    assert!(
        matches!(error, Error::IntegrationConflict { .. }),
        "{error}"
    );
}

#[test]
fn an_integration_must_be_one() {
    let mut policy = example(Family::Policy);
    set(
        &mut policy,
        "/spec/integrations",
        json!([{"ref": "acme/tools/hello-tool:v1"}]),
    );
    let error = hello()
        .artifact("acme/policies/hello-policy:v1", Family::Policy, policy)
        .refusal("acme/bundles/hello:v1");
    assert!(
        error.to_string().contains("/spec/integrations/0 is a tool"),
        "{error}"
    );
}
