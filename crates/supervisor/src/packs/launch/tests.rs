//! Tests of `launch`.

use super::*;

fn example() -> Launch {
    Launch {
        artifacts: vec![PackedArtifact {
            family: "Tool".to_owned(),
            name: "words".to_owned(),
            path: "/etc/agent/tools/words".to_owned(),
            read_only: true,
            reference: "localhost/acme/tools/words:v1".to_owned(),
        }],
        capabilities: Some(1),
        cpus: 2,
        credentials: Vec::new(),
        disk_mib: None,
        hostname: "agent".to_owned(),
        image: "localhost/acme/images/python:v1".to_owned(),
        image_digest: "sha256:0".to_owned(),
        integrations: Vec::new(),
        memory_mib: 300,
        name: Some("agent".to_owned()),
        policy: None,
        ports: vec!["127.0.0.1:8080:80".to_owned()],
        process: ProcessConfig {
            entrypoint: vec!["/bin/agent".to_owned()],
            cmd: vec!["serve".to_owned()],
            ..ProcessConfig::default()
        },
        version: VERSION,
        volumes: vec!["data:/data".to_owned()],
    }
}

#[test]
fn a_configuration_is_read_as_it_was_written() {
    let launch = example();
    assert_eq!(Launch::parse(&launch.encode()), Ok(launch.clone()));
    let (resolved, config) = launch.resolved().unwrap();
    assert_eq!(resolved.resources.cpus, Some(2));
    assert_eq!(resolved.agent.ports.len(), 1);
    assert_eq!(
        resolved.mounts[0].target.path.to_string(),
        "/etc/agent/tools/words"
    );
    assert_eq!(config.config.cmd, ["serve"]);
}

/// Arguments replace what the pack has, and not what always runs.
#[test]
fn flags_are_merged_over_it() {
    let merged = |args: &[&str]| {
        let (resolved, config) = example().resolved().unwrap();
        let flags = lazaret_artifacts::RunFlags {
            args: args.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        RunSpec::merge(resolved, &config, flags).unwrap()
    };
    assert_eq!(merged(&[]).argv, ["/bin/agent", "serve"]);
    assert_eq!(merged(&["check", "-v"]).argv, ["/bin/agent", "check", "-v"]);
    assert_eq!(merged(&[]).memory_mib, 300);
}

#[test]
fn there_is_one_form() {
    let text = String::from_utf8(example().encode()).unwrap();
    for other in [
        text.replacen('{', "{\"more\":1,", 1),
        text.replacen(':', ": ", 1),
        text.replacen("\"Cmd\"", "\"More\":1,\"Cmd\"", 1),
        text.replacen("\"version\":1", "\"version\":2", 1),
        text.replacen("\"hostname\":\"agent\"", "\"hostname\":\"a\\nb\"", 1),
        String::new(),
    ] {
        assert_ne!(other, text);
        assert!(Launch::parse(other.as_bytes()).is_err(), "{other}");
    }
}

/// Whoever made a pack gets nothing of the host that a bundle could not ask for.
#[test]
fn what_no_artifact_could_ask_for_is_refused() {
    let refused = |change: fn(&mut Launch)| {
        let mut launch = example();
        change(&mut launch);
        assert!(launch.resolved().is_err(), "{launch:?}");
    };
    refused(|launch| launch.volumes = vec!["/etc:/host".to_owned()]);
    refused(|launch| launch.volumes = vec!["../a:/host".to_owned()]);
    refused(|launch| launch.artifacts[0].path = "/a/../b".to_owned());
    refused(|launch| launch.artifacts[0].family = "Root".to_owned());
    refused(|launch| launch.ports = vec!["80:80:80:80".to_owned()]);
    refused(|launch| launch.image = "not a reference".to_owned());
}

/// A registry that lives for a moment does not make another pack.
#[test]
fn references_on_this_host_are_local() {
    let text = |reference: &str| lasting(&reference.parse().unwrap());
    assert_eq!(text("127.0.0.1:45678/acme/a:v1"), "localhost/acme/a:v1");
    assert_eq!(text("localhost:5000/acme/a:v1"), "localhost/acme/a:v1");
    assert_eq!(text("ghcr.io/acme/a:v1"), "ghcr.io/acme/a:v1");
}
