//! The ten families: one verdict from `validate`, `push` and the registry.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use lazaret_oci::{Descriptor, Manifest, ManifestDocument, media_type};
use serde_json::{Value, json};

use crate::support::World;

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
                envelope("Agent", "Not A Label", json!({"command": 7})),
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

        let (status, body) = registry.push_unchecked(&case);
        assert_eq!(status, 400, "{}: {body}", case.family);
        let served: Vec<String> = body["errors"]
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

/// A `lazaret serve` and a client that checks nothing.
struct Serve {
    process: std::process::Child,
    address: String,
}

impl Serve {
    fn start(world: &World) -> Self {
        let mut process = world
            .lazaret()
            .command(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(process.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .to_owned();
        Self { process, address }
    }

    fn push_unchecked(&self, case: &Case) -> (u16, Value) {
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
            let (status, body) = self.request("POST", &path, "application/octet-stream", blob);
            assert_eq!(status, 201, "{body}");
        }
        let path = format!("/v2/{name}/manifests/v1");
        self.request("PUT", &path, media_type::MANIFEST, manifest.raw())
    }

    fn request(&self, method: &str, path: &str, media_type: &str, body: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
