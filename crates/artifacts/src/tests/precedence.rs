use lazaret_oci::{ImageConfig, ProcessConfig};
use serde_json::json;

use super::config;
use crate::{
    AgentSpec, ArtifactMount, Command, Error, Family, PolicyFile, Resolved, Resources, RunFlags,
    RunKind, RunSpec, Warning,
};

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn resolved(agent: AgentSpec) -> Resolved {
    let image: lazaret_oci::Reference = "localhost:5000/acme/images/x:v1".parse().unwrap();
    Resolved {
        kind: RunKind::Agent,
        name: Some("x".to_owned()),
        reference: image.clone(),
        image,
        agent,
        resources: Resources::default(),
        capabilities: None,
        policy: None,
        integrations: Vec::new(),
        mounts: Vec::new(),
        workflow: None,
        components: Vec::new(),
        warnings: Vec::new(),
    }
}

fn image(entrypoint: &[&str], cmd: &[&str]) -> ImageConfig {
    ImageConfig {
        config: ProcessConfig {
            entrypoint: strings(entrypoint),
            cmd: strings(cmd),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn exec(words: &[&str]) -> Option<Command> {
    Some(Command::Exec(strings(words)))
}

fn shell(script: &str) -> Option<Command> {
    Some(Command::Shell(script.to_owned()))
}

/// Image entrypoint, image command, agent command, agent arguments, `--entrypoint`, the
/// arguments after `--`; and the expected command line, or an error if there is none.
type Case<'a> = (
    &'a [&'a str],
    &'a [&'a str],
    Option<Command>,
    &'a [&'a str],
    Option<&'a str>,
    &'a [&'a str],
    Option<&'a [&'a str]>,
);

#[test]
fn the_command_line_is_that_of_container_tools() {
    let cases: &[Case<'_>] = &[
        (&["e"], &["c"], None, &[], None, &[], Some(&["e", "c"])),
        (&["e"], &["c"], None, &[], None, &["a"], Some(&["e", "a"])),
        (&[], &["c", "d"], None, &[], None, &[], Some(&["c", "d"])),
        (&[], &["c", "d"], None, &[], None, &["a"], Some(&["a"])),
        (&["e"], &["c"], None, &[], Some("p"), &[], Some(&["p"])),
        (
            &["e"],
            &["c"],
            None,
            &[],
            Some("p"),
            &["a"],
            Some(&["p", "a"]),
        ),
        (&["e"], &["c"], None, &[], Some(""), &["a"], Some(&["a"])),
        (&["e"], &["c"], None, &[], Some(""), &[], None),
        (&["e"], &["c"], None, &["x"], None, &[], Some(&["e", "x"])),
        (&["e"], &["c"], exec(&["r"]), &[], None, &[], Some(&["r"])),
        (
            &["e"],
            &["c"],
            exec(&["r"]),
            &["x"],
            None,
            &[],
            Some(&["r", "x"]),
        ),
        (
            &["e"],
            &["c"],
            exec(&["r"]),
            &["x"],
            None,
            &["a"],
            Some(&["r", "a"]),
        ),
        (
            &["e"],
            &["c"],
            exec(&["r"]),
            &["x"],
            Some("p"),
            &[],
            Some(&["p"]),
        ),
        (
            &["e"],
            &[],
            shell("go"),
            &[],
            None,
            &[],
            Some(&["/bin/sh", "-c", "go"]),
        ),
        (
            &["e"],
            &[],
            shell("go \"$@\""),
            &[],
            None,
            &["a", "b"],
            Some(&["/bin/sh", "-c", "go \"$@\"", "sh", "a", "b"]),
        ),
        (&[], &[], None, &[], None, &[], None),
        (&[""], &["c"], None, &[], None, &[], None),
    ];
    for (entrypoint, cmd, command, agent_args, program, args, expected) in cases {
        let agent = AgentSpec {
            command: command.clone(),
            args: strings(agent_args),
            ..Default::default()
        };
        let flags = RunFlags {
            entrypoint: program.map(str::to_owned),
            args: strings(args),
            ..Default::default()
        };
        let spec = RunSpec::merge(resolved(agent), &image(entrypoint, cmd), flags);
        match (spec, expected) {
            (Ok(spec), Some(expected)) => assert_eq!(spec.argv, *expected),
            (Err(error), None) => assert_eq!(error, Error::NoCommand),
            (spec, expected) => panic!("{spec:?}, not {expected:?}"),
        }
    }
}

#[test]
fn arguments_that_a_shell_command_ignores_are_mentioned() {
    for (script, args, warned) in [
        ("go", &["a"][..], true),
        ("go", &[], false),
        ("go $1", &["a"], false),
    ] {
        let agent = AgentSpec {
            command: shell(script),
            ..Default::default()
        };
        let flags = RunFlags {
            args: strings(args),
            ..Default::default()
        };
        let spec = RunSpec::merge(resolved(agent), &image(&[], &[]), flags).unwrap();
        assert_eq!(
            spec.warnings == [Warning::ShellArguments],
            warned,
            "{script} {args:?}"
        );
    }
}

#[test]
fn the_environment_is_merged_by_name() {
    let mut image = image(&[], &["c"]);
    image.config.env = strings(&["PATH=/bin", "A=image", "B=image", "broken", "C=image=x"]);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let agent = AgentSpec {
        env: vec![pair("B", "agent"), pair("D", "agent"), pair("AB", "agent")],
        ..Default::default()
    };
    let flags = RunFlags {
        env: vec![pair("D", "flag"), pair("C", "")],
        ..Default::default()
    };
    let spec = RunSpec::merge(resolved(agent), &image, flags).unwrap();
    assert_eq!(
        spec.env,
        [
            "PATH=/bin",
            "A=image",
            "B=agent",
            "C=",
            "D=flag",
            "AB=agent"
        ]
    );
    let bare = RunSpec::merge(
        resolved(AgentSpec::default()),
        &super::precedence::image(&[], &["c"]),
        RunFlags::default(),
    );
    assert!(bare.unwrap().env[0].starts_with("PATH=/usr/local/sbin:"));
}

#[test]
fn flags_win_over_the_artifact_and_the_artifact_over_the_image() {
    let mut base = image(&[], &["c"]);
    base.config.user = "image".to_owned();
    base.config.working_dir = "/image".to_owned();
    let spec = RunSpec::merge(resolved(AgentSpec::default()), &base, RunFlags::default()).unwrap();
    assert_eq!(
        (spec.user.as_str(), spec.working_dir.as_str()),
        ("image", "/image")
    );
    assert_eq!((spec.cpus, spec.memory_mib), (1, 512));
    assert_eq!(spec.policy, None);

    let policy =
        |verdict: &str| PolicyFile::read("p", &json!({"network": {"default": verdict}})).unwrap();
    let agent = AgentSpec {
        user: Some("agent".to_owned()),
        working_dir: Some("/agent".to_owned()),
        ports: vec!["8080".parse().unwrap(), "9090".parse().unwrap()],
        volumes: vec!["data:/data".parse().unwrap()],
        ..Default::default()
    };
    let mut full = resolved(agent);
    full.resources = Resources {
        cpus: Some(2),
        memory_mib: Some(3072),
        disk_mib: Some(2048),
    };
    full.policy = Some(policy("deny"));
    let spec = RunSpec::merge(full.clone(), &base, RunFlags::default()).unwrap();
    assert_eq!(
        (spec.user.as_str(), spec.working_dir.as_str()),
        ("agent", "/agent")
    );
    assert_eq!((spec.cpus, spec.memory_mib), (2, 3072));
    assert_eq!(spec.policy, Some(policy("deny")));

    let flags = RunFlags {
        cpus: Some(4),
        memory_mib: Some(64),
        user: Some("flag".to_owned()),
        working_dir: Some("/flag".to_owned()),
        ports: vec!["1234:8080".parse().unwrap(), "7070".parse().unwrap()],
        volumes: vec![
            "other:/data".parse().unwrap(),
            "more:/more".parse().unwrap(),
        ],
        policy: Some(policy("ask")),
        ..Default::default()
    };
    let spec = RunSpec::merge(full, &base, flags).unwrap();
    assert_eq!(
        (spec.user.as_str(), spec.working_dir.as_str()),
        ("flag", "/flag")
    );
    assert_eq!((spec.cpus, spec.memory_mib), (4, 64));
    assert_eq!(spec.policy, Some(policy("ask")));
    let ports: Vec<_> = spec.ports.iter().map(ToString::to_string).collect();
    assert_eq!(
        ports,
        [
            "127.0.0.1:1234:8080",
            "127.0.0.1:9090:9090",
            "127.0.0.1:7070:7070"
        ]
    );
    let volumes: Vec<_> = spec.volumes.iter().map(ToString::to_string).collect();
    assert_eq!(volumes, ["other:/data", "more:/more"]);
}

#[test]
fn a_volume_cannot_take_an_artifacts_path() {
    let tool = config(Family::Tool, json!({}));
    let mut run = resolved(AgentSpec::default());
    let reference = run.reference.clone();
    run.mounts = vec![ArtifactMount::new(reference, &tool, &[], None).unwrap()];
    let flags = RunFlags {
        volumes: vec!["data:/etc/agent/tools/x".parse().unwrap()],
        ..Default::default()
    };
    let error = RunSpec::merge(run, &image(&[], &["c"]), flags).unwrap_err();
    assert!(matches!(error, Error::MountConflict { .. }), "{error}");
}
