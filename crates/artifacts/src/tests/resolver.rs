mod fake;
mod integrations;
mod sandbox;

use std::sync::atomic::Ordering;

use lazaret_oci::{Descriptor, Digest};
use serde_json::json;

use super::{example, minimal, set};
use crate::{
    Command, Error, Family, FetchedKind, Payload, ResolveError, RunKind, Slot, Warning, resolve,
};
use fake::{Fake, HOST, NotFound, artifact_error, block_on, changed, digest_of, hello, reference};

#[test]
fn an_image_runs_as_it_is() {
    let resolved = hello().run("acme/images/python:v1").unwrap();
    assert_eq!(resolved.kind, RunKind::Image);
    assert_eq!(resolved.name, None);
    assert_eq!(
        resolved.image,
        reference("acme/images/python:v1").pinned(digest_of("acme/images/python:v1"))
    );
    assert_eq!(resolved.agent, Default::default());
    assert_eq!(resolved.components.len(), 1);
}

#[test]
fn an_agent_brings_its_image_and_command() {
    let mut agent = minimal(Family::Agent);
    set(
        &mut agent,
        "/spec",
        json!({
            "image": "acme/images/x",
            "command": ["run", "it"],
            "args": ["--fast"],
            "env": {"B": "2", "A": "1"},
            "user": 1000,
            "workingDir": "/work",
            "ports": [8080, "127.0.0.1:9000:90"],
            "volumes": ["data:/var/data:ro"],
            "credentials": [{"name": "github", "env": "GITHUB_TOKEN"}],
        }),
    );
    let resolved = Fake::default()
        .artifact("acme/agents/a:v1", Family::Agent, agent)
        .run("acme/agents/a:v1")
        .unwrap();
    assert_eq!(resolved.kind, RunKind::Agent);
    // Without a host, the image is in the registry of the agent.
    assert_eq!(resolved.image, reference("acme/images/x:latest"));
    let spec = &resolved.agent;
    assert_eq!(
        spec.command,
        Some(Command::Exec(vec!["run".into(), "it".into()]))
    );
    assert_eq!(spec.args, ["--fast"]);
    assert_eq!(
        spec.env,
        [("A".into(), "1".into()), ("B".into(), "2".into())]
    );
    assert_eq!(spec.user.as_deref(), Some("1000"));
    assert_eq!(spec.working_dir.as_deref(), Some("/work"));
    let ports: Vec<_> = spec.ports.iter().map(ToString::to_string).collect();
    assert_eq!(ports, ["127.0.0.1:8080:8080", "127.0.0.1:9000:90"]);
    assert_eq!(spec.volumes[0].to_string(), "data:/var/data:ro");
    assert_eq!(resolved.credentials()[0].env, "GITHUB_TOKEN");
}

#[test]
fn an_image_with_a_host_stays_where_it_is() {
    let mut agent = minimal(Family::Agent);
    set(
        &mut agent,
        "/spec/image",
        json!("docker.io/library/python:3"),
    );
    let resolved = Fake::default()
        .artifact("acme/agents/a:v1", Family::Agent, agent)
        .run("acme/agents/a:v1")
        .unwrap();
    assert_eq!(resolved.image.to_string(), "docker.io/library/python:3");
}

#[test]
fn the_example_bundle_resolves_as_a_whole() {
    let source = hello();
    let resolved = source.run("acme/bundles/hello:v1").unwrap();
    assert_eq!(resolved.kind, RunKind::Bundle);
    assert_eq!(resolved.name.as_deref(), Some("hello"));
    assert_eq!(resolved.image, reference("acme/images/python:v1"));
    assert_eq!(resolved.resources.cpus, Some(1));
    assert_eq!(resolved.resources.memory_mib, Some(512));
    let documents = resolved.policy.as_ref().unwrap().documents();
    assert_eq!(documents[0].default, Some(lazaret_policy::Verdict::Deny));
    assert_eq!(documents[0].rules.len(), 1);
    assert_eq!(documents[0].origin, "acme/policies/hello-policy:v1");
    let mounts: Vec<_> = resolved
        .mounts
        .iter()
        .map(|mount| (mount.target.path.as_str(), mount.target.read_only))
        .collect();
    assert_eq!(
        mounts,
        [
            ("/etc/agent/knowledge/hello-knowledge", true),
            ("/etc/agent/model", true),
            ("/etc/agent/tools/hello-tool", true),
            ("/opt/hello", true),
            ("/srv/files", true),
        ]
    );
    match &resolved.mounts[1].payload {
        Payload::File(bytes) => assert!(bytes.starts_with(b"{\"model\":\"parrot-1\""), "{bytes:?}"),
        other => panic!("{other:?}"),
    }
    let slots: Vec<_> = resolved
        .components
        .iter()
        .map(|part| part.slot.name())
        .collect();
    assert_eq!(
        slots,
        [
            "root",
            "agents",
            "sandbox",
            "policies",
            "model",
            "tools",
            "knowledge",
            "filesets",
            "filesets"
        ]
    );
    assert!(
        resolved
            .components
            .iter()
            .all(|part| part.reference.digest.is_some())
    );
    assert_eq!(resolved.warnings, []);
    // The parts are fetched concurrently; the image is left to the pull.
    assert!(source.most_under_way.load(Ordering::Relaxed) > 1);
    assert!(source.most_under_way.load(Ordering::Relaxed) <= 8);
    assert!(
        !source
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|name| name.contains("images"))
    );
}

#[test]
fn other_families_are_refused_with_what_to_do() {
    let source = hello();
    let cases = [
        ("acme/policies/hello-policy:v1", "a policy", false),
        ("acme/sandboxes/hello-sandbox:v1", "a sandbox", false),
        (
            "acme/integrations/hello-service:v1",
            "an integration",
            false,
        ),
        ("acme/workflows/hello-workflow:v1", "a workflow", false),
        ("acme/tools/hello-tool:v1", "a tool", true),
        ("acme/models/hello-model:v1", "a model", true),
        ("acme/filesets/hello-app:v1", "a fileset", true),
    ];
    for (name, what, can_mount) in cases {
        let error = source.refusal(name);
        assert!(matches!(error, Error::NotRunnable { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(
            matches!(error, Error::NotRunnable { mountable, .. } if mountable == can_mount),
            "{error:?}"
        );
    }
    let unknown = FetchedKind::Unknown {
        artifact_type: "application/vnd.cncf.helm.config.v1+json".to_owned(),
    };
    let error = source
        .kind("acme/charts/x:v1", unknown)
        .refusal("acme/charts/x:v1");
    assert!(error.to_string().contains("vnd.cncf.helm"), "{error}");
}

#[test]
fn exactly_one_agent_runs() {
    let two = json!([{"ref": "acme/agents/a:v1"}, {"ref": "acme/agents/b:v1"}]);
    let error = changed("/spec/components/agents", two).refusal("acme/bundles/hello:v1");
    assert!(
        error
            .to_string()
            .contains("2 agents (acme/agents/a:v1, acme/agents/b:v1)"),
        "{error}"
    );
    // A bundle without agents is already refused by the schema.
    let error = changed("/spec/components/agents", json!([])).refusal("acme/bundles/hello:v1");
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

#[test]
fn a_slot_takes_only_its_family() {
    let cases = [
        (
            "/spec/components/policies",
            json!([{"ref": "acme/tools/hello-tool:v1"}]),
            "a tool",
        ),
        (
            "/spec/components/agents",
            json!([{"ref": "acme/bundles/hello:v1"}]),
            "a bundle",
        ),
        (
            "/spec/components/agents",
            json!([{"ref": "acme/images/python:v1"}]),
            "an image",
        ),
        (
            "/spec/components/sandbox",
            json!({"ref": "acme/policies/hello-policy:v1"}),
            "a policy",
        ),
        (
            "/spec/components/model",
            json!({"ref": "acme/filesets/hello-app:v1"}),
            "a fileset",
        ),
        (
            "/spec/components/filesets",
            json!([{"ref": "acme/models/hello-model:v1"}]),
            "a model",
        ),
    ];
    for (pointer, value, found) in cases {
        let error = changed(pointer, value).refusal("acme/bundles/hello:v1");
        assert!(matches!(error, Error::WrongFamily { .. }), "{error}");
        assert!(error.to_string().contains(found), "{error}");
        assert!(error.to_string().contains(pointer), "{error}");
    }
}

#[test]
fn a_missing_part_names_itself_and_keeps_its_cause() {
    let source = changed(
        "/spec/components/tools",
        json!([{"ref": "acme/tools/gone:v1"}]),
    );
    match source.run("acme/bundles/hello:v1") {
        Err(ResolveError::Fetch { reference, source }) => {
            assert_eq!(reference.to_string(), "localhost:5000/acme/tools/gone:v1");
            assert_eq!(source, NotFound);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        Fake::default().run("acme/agents/none:v1"),
        Err(ResolveError::Fetch { .. })
    ));
}

#[test]
fn a_part_with_a_host_is_fetched_there() {
    let source = changed(
        "/spec/components/tools",
        json!([{"ref": "other.example/tools/t:v1"}]),
    );
    match source.run("acme/bundles/hello:v1") {
        Err(ResolveError::Fetch { reference, .. }) => {
            assert_eq!(reference.to_string(), "other.example/tools/t:v1");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn pins_are_asked_for_and_enforced() {
    let name = "acme/tools/hello-tool:v1";
    let pin = |digest: &Digest| json!([{"ref": name, "digest": digest}]);
    let source = changed("/spec/components/tools", pin(&digest_of(name)));
    source.run("acme/bundles/hello:v1").unwrap();
    let asked = source.asked.lock().unwrap().clone();
    assert!(
        asked.contains(&format!("{HOST}/{name}@{}", digest_of(name))),
        "{asked:?}"
    );

    let other = digest_of("something else");
    let error = changed("/spec/components/tools", pin(&other)).refusal("acme/bundles/hello:v1");
    assert!(matches!(error, Error::PinMismatch { .. }), "{error}");
    assert!(error.to_string().contains(&other.to_string()), "{error}");

    let conflict = json!([{"ref": format!("{name}@{other}"), "digest": digest_of(name)}]);
    let error = changed("/spec/components/tools", conflict).refusal("acme/bundles/hello:v1");
    assert!(matches!(error, Error::Invalid { .. }), "{error}");

    let pinned = reference("acme/images/python:v1").pinned(other);
    let result = block_on(resolve(&hello(), &pinned, &[]));
    assert!(matches!(artifact_error(result), Error::PinMismatch { .. }));
}

#[test]
fn invalid_parts_are_refused_with_their_faults() {
    let source = hello().artifact(
        "acme/agents/hello-agent:v1",
        Family::Agent,
        json!({"spec": {"image": 1}}),
    );
    match source.refusal("acme/bundles/hello:v1") {
        Error::Invalid { subject, faults } => {
            assert!(subject.contains("acme/agents/hello-agent:v1"), "{subject}");
            assert!(faults.iter().any(|fault| fault.pointer == "/spec/image"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_workflow_is_carried_and_mentioned() {
    let resolved = changed(
        "/spec/components/workflow",
        json!({"ref": "acme/workflows/hello-workflow:v1"}),
    )
    .run("acme/bundles/hello:v1")
    .unwrap();
    assert_eq!(resolved.workflow.unwrap().name(), "hello-workflow");
    assert!(matches!(
        resolved.warnings[..],
        [Warning::WorkflowNotRun { .. }]
    ));
}

#[test]
fn content_that_is_missing_is_mentioned() {
    let empty = FetchedKind::Artifact {
        family: Family::Tool,
        config: example(Family::Tool),
        layers: vec![Descriptor::empty()],
    };
    let resolved = hello()
        .kind("acme/tools/hello-tool:v1", empty)
        .run("acme/bundles/hello:v1")
        .unwrap();
    assert!(matches!(
        resolved.warnings[..],
        [Warning::EmptyMount { .. }]
    ));
}

#[test]
fn mount_flags_join_what_the_bundle_brings() {
    let source = hello().artifact(
        "acme/filesets/more:v1",
        Family::Fileset,
        minimal(Family::Fileset),
    );
    let resolved = source
        .run_with("acme/bundles/hello:v1", &["acme/filesets/more:v1"])
        .unwrap();
    assert_eq!(resolved.mounts.len(), 6);
    assert!(
        resolved
            .mounts
            .iter()
            .any(|mount| mount.target.path.as_str() == "/srv/x")
    );
    let resolved = source
        .run_with(
            "acme/images/python:v1",
            &["acme/filesets/more:v1:/opt/more"],
        )
        .unwrap();
    assert_eq!(resolved.mounts[0].target.path.as_str(), "/opt/more");
    assert_eq!(resolved.components[1].slot, Slot::Mount);

    let refused = [
        (vec!["acme/tools/hello-tool:v1"], "taken by"),
        (
            vec!["acme/filesets/more:v1", "acme/filesets/more:v1"],
            "taken by",
        ),
        (
            vec!["acme/filesets/more:v1:/etc/agent/model/x"],
            "inside the file",
        ),
        (vec!["acme/images/python:v1:/opt"], "an image"),
        (vec!["acme/policies/hello-policy:v1:/opt"], "a policy"),
        (vec!["acme/bundles/hello:v1:/opt"], "a bundle"),
    ];
    for (mounts, words) in refused {
        let error = artifact_error(source.run_with("acme/bundles/hello:v1", &mounts));
        assert!(error.to_string().contains(words), "{mounts:?}: {error}");
    }
}

#[test]
fn many_parts_are_fetched_a_few_at_a_time() {
    let names: Vec<_> = (0..40)
        .map(|index| format!("acme/tools/t{index}:v1"))
        .collect();
    let references: Vec<_> = names.iter().map(|name| json!({"ref": name})).collect();
    let mut source = changed("/spec/components/tools", json!(references));
    for (index, name) in names.iter().enumerate() {
        let mut tool = minimal(Family::Tool);
        set(&mut tool, "/metadata/name", json!(format!("t{index}")));
        source = source.artifact(name, Family::Tool, tool);
    }
    let resolved = source.run("acme/bundles/hello:v1").unwrap();
    assert_eq!(resolved.mounts.len(), 44);
    assert_eq!(source.most_under_way.load(Ordering::Relaxed), 8);
}
