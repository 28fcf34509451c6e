//! Tests of the ten families: `validate`, `push` and the registry give the same verdict.

use lazaret_oci::{Descriptor, Manifest, ManifestDocument, media_type};
use lazaret_testing::http::{Reply, send};
use serde_json::{Value, json};

use crate::support::{Serve, World};

struct Case {
    family: &'static str,
    segment: &'static str,
    valid: Value,
    /// A document with several faults at known places.
    invalid: Value,
    pointers: &'static [&'static str],
}

fn envelope(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "lens.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn with_mount(mut document: Value, mount: Value) -> Value {
    document["mount"] = mount;
    document
}

fn cases() -> Vec<Case> {
    let digest = format!("sha256:{}", "a".repeat(64));
    let reference = json!({"ref": "acme/x/y:v1", "digest": digest});
    vec![
        Case {
            family: "agent",
            segment: "agents",
            valid: envelope(
                "Agent",
                "a",
                json!({"image": "acme/images/a:v1", "command": ["run"], "env": {"A": "1"}}),
            ),
            invalid: with_mount(
                envelope("Agent", "Not A Label", json!({"command": 7, "image": 7})),
                json!({"path": "/x"}),
            ),
            pointers: &["/metadata/name", "/mount", "/spec/command", "/spec/image"],
        },
        Case {
            family: "sandbox",
            segment: "sandboxes",
            valid: envelope(
                "Sandbox",
                "s",
                json!({"isolation": "microvm", "resources": {"cpu": 2, "memory": "1Gi"}}),
            ),
            invalid: envelope(
                "Sandbox",
                "s",
                json!({"isolation": "chroot", "baseImage": "debian:12", "resources": {"memroy": 1}}),
            ),
            pointers: &[
                "/spec/baseImage",
                "/spec/isolation",
                "/spec/resources/memroy",
            ],
        },
        Case {
            family: "policy",
            segment: "policies",
            valid: envelope(
                "Policy",
                "p",
                json!({"network": {"default": "deny", "rules": [{"match": "a.example", "verdict": "allow"}]}, "integrations": [reference]}),
            ),
            invalid: envelope(
                "Policy",
                "p",
                json!({"network": {"default": "open", "rules": [{"match": "a.example", "verdict": "maybe"}]}}),
            ),
            pointers: &["/spec/network/default", "/spec/network/rules/0/verdict"],
        },
        Case {
            family: "integration",
            segment: "integrations",
            valid: envelope(
                "Integration",
                "i",
                json!({"endpoints": [{"host": "a.example", "ports": [443]}], "credentials": [{"name": "k", "inject": {"header": "authorization"}}]}),
            ),
            invalid: envelope("Integration", "i", json!({"endpoints": [{"ports": [0]}]})),
            pointers: &["/spec/endpoints/0/host", "/spec/endpoints/0/ports/0"],
        },
        Case {
            family: "workflow",
            segment: "workflows",
            valid: envelope(
                "Workflow",
                "w",
                json!({"document": {"dsl": "1.0.0", "namespace": "n", "name": "w", "version": "0.1.0"}, "do": [{"step": {"call": "http", "with": {"method": "get", "endpoint": "https://a.example"}}}]}),
            ),
            invalid: envelope("Workflow", "w", json!({"document": 7})),
            pointers: &["/spec/do", "/spec/document"],
        },
        Case {
            family: "bundle",
            segment: "bundles",
            valid: envelope(
                "AgentSystem",
                "b",
                json!({"components": {"agents": [reference], "model": reference}}),
            ),
            invalid: envelope(
                "Bundle",
                "b",
                json!({"components": {"agents": [{"digest": "sha256:abc"}], "tool": []}}),
            ),
            pointers: &[
                "/kind",
                "/spec/components/agents/0/digest",
                "/spec/components/agents/0/ref",
                "/spec/components/tool",
            ],
        },
        Case {
            family: "model",
            segment: "models",
            valid: envelope(
                "Model",
                "m",
                json!({"provider": "p", "model": "m", "parameters": {"t": 0.5}}),
            ),
            invalid: with_mount(
                envelope("Model", "m", json!({"model": 1})),
                json!({"path": "relative"}),
            ),
            pointers: &["/mount/path", "/spec/model", "/spec/provider"],
        },
        Case {
            family: "tool",
            segment: "tools",
            valid: envelope("Tool", "t", json!({"description": "d"})),
            invalid: with_mount(
                envelope("Tool", "t", json!({})),
                json!({"path": "/a/../b", "readonly": true}),
            ),
            pointers: &["/mount/path", "/mount/readonly"],
        },
        Case {
            family: "knowledge",
            segment: "knowledge",
            valid: envelope("Knowledge", "k", json!({})),
            invalid: json!({"apiVersion": "v2", "kind": "Knowledge", "spec": {}}),
            pointers: &["/apiVersion", "/metadata"],
        },
        Case {
            family: "fileset",
            segment: "filesets",
            valid: with_mount(
                envelope("FileSet", "f", json!({})),
                json!({"path": "/srv/f"}),
            ),
            invalid: envelope("Fileset", "f", json!({})),
            pointers: &["/kind", "/mount"],
        },
    ]
}

#[test]
fn a_valid_artifact_comes_back_as_it_went() {
    let world = World::new();
    let mut script = String::new();
    for case in cases() {
        world.write(&format!("{}.json", case.family), case.valid.to_string());
        script.push_str(&format!(
            "lazaret push {0}.json $LAZARET_REGISTRY/acme/{1}/x:v1 >/dev/null
             lazaret pull $LAZARET_REGISTRY/acme/{1}/x:v1 -o {0}.back
             lazaret pull $LAZARET_REGISTRY/acme/{1}/x:v1 | cmp - {0}.back\n",
            case.family, case.segment
        ));
    }
    world.lazaret().with_registry(&script).success();
    for case in cases() {
        let back = std::fs::read(world.path(&format!("{}.back", case.family))).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&back).unwrap(),
            case.valid,
            "{}",
            case.family
        );
    }
}

#[test]
fn validate_push_and_the_registry_find_the_same_faults() {
    let world = World::new();
    let lazaret = world.lazaret();
    let registry = Serve::start(&world);
    for case in cases() {
        let file = world.write(&format!("{}.json", case.family), case.invalid.to_string());
        let file = file.to_str().unwrap();
        let target = format!("{}/acme/{}/x:v1", registry.address, case.segment);

        let report = lazaret
            .run([
                "validate",
                file,
                "--family",
                case.family,
                "--format",
                "json",
            ])
            .status(5)
            .json();
        let offline: Vec<String> = report[0]["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(offline, case.pointers, "{} offline", case.family);

        let refused = lazaret.run(["push", file, &target]).status(5);
        let pushed: Vec<String> = refused
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("  /"))
            .map(|line| format!("/{}", line.split(": ").next().unwrap()))
            .collect();
        assert_eq!(pushed, case.pointers, "{} at push", case.family);

        let reply = push_unchecked(&registry, &case);
        assert_eq!(reply.status, 400, "{}: {reply:?}", case.family);
        let served: Vec<String> = reply.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                assert_eq!(error["code"], "MANIFEST_INVALID");
                error["detail"]["pointer"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(served, case.pointers, "{} at the registry", case.family);
    }
}

#[test]
fn the_registry_lists_the_families_it_checks() {
    let world = World::new();
    let script = "lazaret types --format json > own; lazaret types $LAZARET_REGISTRY --format json";
    let output = world.lazaret().with_registry(script).success();
    let own: Value = serde_json::from_slice(&std::fs::read(world.path("own")).unwrap()).unwrap();
    assert_eq!(own["types"].as_array().unwrap().len(), 10);
    assert_eq!(output.json(), own);
}

/// Pushes the invalid document of a case with a client that does no checks.
fn push_unchecked(registry: &Serve, case: &Case) -> Reply {
    let config = case.invalid.to_string().into_bytes();
    let media = |part: &str| format!("application/vnd.lens.{}{part}.v1+json", case.family);
    let manifest = ManifestDocument::of_manifest(Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.into()),
        artifact_type: Some(media("")),
        config: Descriptor::of(&media(".config"), &config),
        layers: vec![Descriptor::empty()],
        subject: None,
        annotations: Default::default(),
    });
    let name = format!("acme/{}/unchecked", case.segment);
    for blob in [config.as_slice(), lazaret_oci::EMPTY_CONFIG] {
        let digest = lazaret_oci::Digest::of(blob);
        let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let reply = send(registry.address, "POST", &path, &[], blob).unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let path = format!("/v2/{name}/manifests/v1");
    let headers = [("Content-Type", media_type::MANIFEST)];
    send(registry.address, "PUT", &path, &headers, manifest.raw()).unwrap()
}

#[test]
fn validate_checks_every_file_and_says_where_each_fault_is() {
    let world = World::new();
    let lazaret = world.lazaret();
    let agent = |spec: &str| {
        format!(
            "apiVersion: lens.dev/v1alpha1\nkind: Agent\nmetadata:\n  name: a\nspec:\n  image: a:v1\n{spec}"
        )
    };
    world.write("folder/good.yaml", agent(""));
    world.write("folder/other.yml", "services: {}\n");
    world.write("folder/.hidden.yaml", "broken: [");
    let typo = agent("  comand: [ls]\n");
    world.write("folder/two.yaml", format!("{}---\n{typo}", agent("")));

    let output = lazaret
        .run(["validate", "missing.yaml", "folder"])
        .status(5);
    assert_eq!(
        output.stdout,
        "folder/good.yaml: valid agent\nfolder/two.yaml: valid agent\n\
         folder/two.yaml:14:3: /spec/comand: unknown member 'comand': did you mean 'command'?\n"
    );
    assert!(output.stderr.contains("missing.yaml"), "{}", output.stderr);

    let from_input = lazaret
        .run_with_input(["--format", "json", "validate", "-"], typo.as_bytes())
        .status(5);
    let found = &from_input.json()[0]["faults"][0];
    assert_eq!((&found["line"], &found["column"]), (&7.into(), &3.into()));
    let failure: Value = serde_json::from_str(&from_input.stderr).unwrap();
    assert_eq!(failure["error"]["status"], 5);

    // A slip of a kind is a fault, where another kind is none of ours; links are followed.
    world.write("kinds/slip.yaml", "kind: Agnet\n");
    world.write("kinds/other.yaml", "kind: Deployment\n");
    let refused = lazaret.run(["validate", "kinds"]);
    let refused = refused.fails(5, &["slip.yaml", "Agnet"]);
    assert!(!refused.stderr.contains("other.yaml"));
    std::os::unix::fs::symlink("folder/good.yaml", world.path("link.yaml")).unwrap();
    lazaret.run(["validate", "link.yaml"]).success();
    // What has no end is refused.
    lazaret
        .run(["validate", "/dev/zero"])
        .fails(5, &["no regular file"]);
    lazaret
        .run(["image", "import", "/dev/zero", "x:v1"])
        .fails(5, &["/dev/zero", "device"]);

    // Alone, a file that cannot be read is the command's own failure.
    lazaret.run(["validate", "missing.yaml"]).status(4);
}
