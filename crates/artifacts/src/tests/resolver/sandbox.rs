//! What the sandbox of a bundle gives and refuses.

use super::*;

#[test]
fn a_container_is_refused() {
    let mut sandbox = example(Family::Sandbox);
    set(&mut sandbox, "/spec/isolation", json!("container"));
    let error = hello()
        .artifact("acme/sandboxes/hello-sandbox:v1", Family::Sandbox, sandbox)
        .refusal("acme/bundles/hello:v1");
    assert!(matches!(error, Error::Isolation { .. }), "{error}");
}

#[test]
fn what_a_sandbox_asks_for_is_given_refused_or_mentioned() {
    let run = |member: &str, value: serde_json::Value| {
        let mut sandbox = example(Family::Sandbox);
        set(&mut sandbox, member, value);
        hello().artifact("acme/sandboxes/hello-sandbox:v1", Family::Sandbox, sandbox)
    };
    let other = run("/spec/capabilities", json!({"drop": ["ALL"]}));
    let error = other.refusal("acme/bundles/hello:v1");
    assert!(error.to_string().contains("'capabilities'"), "{error}");
    for (list, kept) in [
        (json!([]), Some(0)),
        (json!({}), None),
        (json!(["CHOWN", "CAP_FOWNER"]), Some(0b1001)),
    ] {
        let resolved = run("/spec/capabilities", list).run("acme/bundles/hello:v1");
        let resolved = resolved.unwrap();
        assert!(resolved.warnings.is_empty());
        assert_eq!(resolved.capabilities.map(|set| set.bits()), kept);
    }
    let resolved = run("/spec/resources/disk", json!("2Gi")).run("acme/bundles/hello:v1");
    assert_eq!(resolved.unwrap().resources.disk_mib, Some(2048));
    let resolved = run("/spec/supervisorVersion", json!("1.2")).run("acme/bundles/hello:v1");
    let warnings = resolved.unwrap().warnings;
    assert!(warnings[0].to_string().contains("'1.2'"), "{}", warnings[0]);
}

#[test]
fn an_agent_without_an_image_has_the_sandboxs() {
    let mut agent = example(Family::Agent);
    agent["spec"].as_object_mut().unwrap().remove("image");
    let agent = || hello().artifact("acme/agents/hello-agent:v1", Family::Agent, agent.clone());
    let mut sandbox = example(Family::Sandbox);
    let pinned = format!("acme/images/base@{}", digest_of("base"));
    set(&mut sandbox, "/spec/baseImage", json!(pinned));
    let resolved = agent()
        .artifact("acme/sandboxes/hello-sandbox:v1", Family::Sandbox, sandbox)
        .run("acme/bundles/hello:v1")
        .unwrap();
    assert!(
        resolved.image.to_string().ends_with(&pinned),
        "{}",
        resolved.image
    );
    assert!(resolved.warnings.is_empty());
    for reference in ["acme/bundles/hello:v1", "acme/agents/hello-agent:v1"] {
        let error = agent().refusal(reference);
        assert!(matches!(error, Error::NoImage { .. }), "{error}");
    }
}

#[test]
fn a_base_image_that_does_not_boot_is_mentioned() {
    let digest = digest_of("base");
    let pinned = format!("acme/images/base@{digest}");
    let sandbox = |base: &str| {
        let mut sandbox = example(Family::Sandbox);
        set(&mut sandbox, "/spec/baseImage", json!(base));
        hello().artifact("acme/sandboxes/hello-sandbox:v1", Family::Sandbox, sandbox)
    };
    let resolved = sandbox(&pinned).run("acme/bundles/hello:v1").unwrap();
    assert!(matches!(
        resolved.warnings[..],
        [Warning::BaseImageUnused { .. }]
    ));
    assert!(
        resolved.warnings[0]
            .to_string()
            .contains("acme/images/base")
    );

    let mut agent = example(Family::Agent);
    set(
        &mut agent,
        "/spec/image",
        json!(format!("acme/images/python:v1@{digest}")),
    );
    let resolved = sandbox(&pinned)
        .artifact("acme/agents/hello-agent:v1", Family::Agent, agent)
        .run("acme/bundles/hello:v1")
        .unwrap();
    assert_eq!(resolved.warnings, []);
}
