//! Tests of agents and bundles: their artifacts are mounted at the right paths.

use crate::support::{Image, World};

const FILES: &[(&str, &str)] = &[
    (
        "model.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Model, metadata: {name: m}, spec: {provider: local, model: tiny, parameters: {temperature: 0.25}}}",
    ),
    (
        "tool.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Tool, metadata: {name: adder}, spec: {description: adds}}",
    ),
    (
        "knowledge.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Knowledge, metadata: {name: facts}, spec: {}}",
    ),
    (
        "fileset.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: FileSet, metadata: {name: data}, mount: {path: /srv/data}, spec: {}}",
    ),
    (
        "writable.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: FileSet, metadata: {name: scratch}, mount: {path: /srv/scratch, readOnly: false}, spec: {}}",
    ),
    (
        "sandbox.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Sandbox, metadata: {name: small}, spec: {isolation: microvm, resources: {cpu: '2', memory: 300Mi, disk: 1Gi}, capabilities: [CHOWN, CAP_DAC_OVERRIDE]}}",
    ),
    (
        "policy.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Policy, metadata: {name: closed}, spec: {network: {default: deny, rules: [{match: api.example.com, verdict: allow}]}}}",
    ),
    (
        "agent.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: Agent, metadata: {name: a}, spec: {image: 'acme/images/busybox:v1', command: 'echo model $(cat /etc/agent/model); /etc/agent/tools/adder/add 2 3; cat /etc/agent/knowledge/facts/fact.txt /srv/data/deep/file; touch /srv/data/x 2>&1; touch /etc/agent/model 2>&1; echo changed > /srv/scratch/deep/file && cat /srv/scratch/deep/file; echo user $(id -u) $WHO; grep CapBnd /proc/self/status', user: '0', env: {WHO: agent}, credentials: [{name: api, env: API_KEY}]}}",
    ),
    (
        "bundle.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: AgentSystem, metadata: {name: b}, spec: {components: {agents: [{ref: 'acme/agents/a:v1'}], model: {ref: 'acme/models/m:v1'}, tools: [{ref: 'acme/tools/adder:v1'}], knowledge: [{ref: 'acme/knowledge/facts:v1'}], filesets: [{ref: 'acme/filesets/data:v1'}, {ref: 'acme/filesets/scratch:v1'}], sandbox: {ref: 'acme/sandboxes/small:v1'}, policies: [{ref: 'acme/policies/closed:v1'}]}}}",
    ),
    (
        "two.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: AgentSystem, metadata: {name: two}, spec: {components: {agents: [{ref: 'acme/agents/a:v1'}, {ref: 'acme/agents/b:v1'}]}}}",
    ),
    (
        "pinned.yaml",
        "{apiVersion: lens.dev/v1alpha1, kind: AgentSystem, metadata: {name: pinned}, spec: {components: {agents: [{ref: 'acme/agents/a:v1', digest: 'sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}]}}}",
    ),
    ("content/tool/add", "#!/bin/sh\necho sum $(($1 + $2))\n"),
    ("content/knowledge/fact.txt", "water is wet\n"),
    ("content/fileset/deep/file", "from the file set\n"),
];

const PUSH: &str = "
    r=$LAZARET_REGISTRY
    chmod +x content/tool/add
    lazaret push layout $r/acme/images/busybox:v1
    lazaret push model.yaml $r/acme/models/m:v1
    lazaret push tool.yaml $r/acme/tools/adder:v1 --content content/tool
    lazaret push knowledge.yaml $r/acme/knowledge/facts:v1 --content content/knowledge
    lazaret push fileset.yaml $r/acme/filesets/data:v1 --content content/fileset
    lazaret push writable.yaml $r/acme/filesets/scratch:v1 --content content/fileset
    lazaret push sandbox.yaml $r/acme/sandboxes/small:v1
    lazaret push policy.yaml $r/acme/policies/closed:v1
    lazaret push agent.yaml $r/acme/agents/a:v1
    lazaret push bundle.yaml $r/acme/bundles/b:v1
    lazaret push two.yaml $r/acme/bundles/two:v1
    lazaret push pinned.yaml $r/acme/bundles/pinned:v1
";

fn world() -> World {
    let world = World::new();
    for (name, text) in FILES {
        world.write(name, text);
    }
    Image::busybox().write(&world.path("layout"));
    world
}

#[test]
fn a_bundle_runs_with_everything_it_names() {
    let world = world();
    let script = format!("exec 3>&1 >/dev/null; {PUSH} lazaret run $r/acme/bundles/b:v1 >&3");
    let output = world.machine().with_registry(&script).success();
    let expected = "\
model {\"model\":\"tiny\",\"parameters\":{\"temperature\":0.25},\"provider\":\"local\"}
sum 5
water is wet
from the file set
touch: /srv/data/x: Read-only file system
touch: /etc/agent/model: Read-only file system
changed
user 0 agent
CapBnd:	0000000000000003
";
    assert_eq!(output.stdout, expected, "stderr: {}", output.stderr);
    assert!(
        output.stderr.contains("API_KEY"),
        "no word of the missing credential: {}",
        output.stderr
    );
    // Its policy grants a host, so it has the network that the policy describes.
    assert!(
        !output.stderr.contains("no network"),
        "a policy of a bundle gives no network: {}",
        output.stderr
    );
    // No file is written into the project's folder.
    assert!(!world.path("lazaret-policy.yaml").exists());
}

#[test]
fn an_agent_runs_alone_and_flags_win_over_it() {
    let world = world();
    let script = format!(
        "exec 3>&1 >/dev/null; {PUSH} lazaret -q run --rm --mount $r/acme/filesets/data:v1:/other --mount $r/acme/models/m:v1 --user 7 -e WHO=flag --entrypoint sh $r/acme/agents/a:v1 -c 'cat /other/deep/file; cat /etc/agent/model; echo; echo $(id -u) $WHO' >&3"
    );
    let output = world.machine().with_registry(&script).success();
    assert!(
        output.stdout.starts_with("from the file set\n{\"model\":"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.ends_with("\n7 flag\n"), "{}", output.stdout);
}

#[test]
fn what_cannot_run_is_refused_before_anything_boots() {
    let world = world();
    let script = format!(
        "{PUSH}
        attempt() {{ echo \"case $*\" >&2; lazaret run \"$@\" && exit 1; [ $? = 125 ]; }}
        attempt $r/acme/policies/closed:v1
        attempt $r/acme/models/m:v1
        attempt $r/acme/bundles/two:v1
        attempt $r/acme/bundles/pinned:v1
        attempt $r/acme/agents/missing:v1
        attempt --mount $r/acme/policies/closed:v1 $r/acme/agents/a:v1
        attempt --mount $r/acme/images/busybox:v1 $r/acme/agents/a:v1
        attempt --mount $r/acme/models/m:v1 --mount $r/acme/filesets/data:v1:/etc/agent/model $r/acme/agents/a:v1
        attempt --mount $r/acme/models/m:v1:/a/../b $r/acme/agents/a:v1
        attempt busybox"
    );
    let output = world.machine().with_registry(&script).success();
    let cases: Vec<&str> = output.stderr.split("case ").skip(1).collect();
    let expect = |case: usize, words: &[&str]| {
        let text = cases[case];
        assert!(text.contains("error: "), "{text}");
        for word in words {
            assert!(text.contains(word), "no '{word}' in {text}");
        }
    };
    expect(0, &["policy"]);
    expect(1, &["model", "--mount"]);
    expect(2, &["agents/a", "agents/b"]);
    expect(3, &["agents/a", "sha256:aaaa"]);
    expect(4, &["agents/missing"]);
    expect(5, &["policy"]);
    expect(6, &["image"]);
    expect(7, &["/etc/agent/model"]);
    expect(8, &[".."]);
    expect(9, &["busybox", "registry"]);
}
