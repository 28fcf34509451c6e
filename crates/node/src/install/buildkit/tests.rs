use super::super::tests::{after, put, strict, wish};
use super::super::{Engine, Error, MirrorUrl, Step, plan};

const ENGINE: [Engine; 1] = [Engine::Buildkit];
const PATH: &str = "etc/buildkit/buildkitd.toml";

#[test]
fn a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&wish(folder.path(), &ENGINE, &["docker.io", "_default"])).unwrap();
    let expected = r#"[registry."docker.io"]
mirrors = ["localhost:8578"]

[registry."localhost:8578"]
http = true
"#;
    assert_eq!(after(&plan, PATH), expected);
    assert_eq!(plan.steps(), [Step::RestartBuildkit]);
    assert!(plan.notices[0].contains("no entry for all registries"));
}

#[test]
fn certificates_and_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    put(
        folder.path(),
        PATH,
        r#"debug = true # loud
[registry."docker.io"] # hub
  mirrors = ["a.example", "mirror.example:8578"] # two
[registry."mirror.example:8578"]
  http = true
  ca = ["/etc/own.pem"]
[worker.oci]
  gc = true
"#,
    );
    let expected = r#"debug = true # loud
[registry."docker.io"] # hub
  mirrors = ["mirror.example:8578", "a.example"] # two
[registry."mirror.example:8578"]
  http = false
  ca = ["/etc/own.pem", "/etc/pki/ca.pem"]
[worker.oci]
  gc = true
"#;
    let plan = plan(&strict(folder.path(), &ENGINE, &["docker.io"])).unwrap();
    assert_eq!(after(&plan, PATH), expected);
    assert!(plan.notices[0].contains("no setting keeps it"));
}

#[test]
fn what_has_no_place_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        plan(&wish(folder.path(), &ENGINE, &["*"])).unwrap().changes,
        []
    );
    let mut other = wish(folder.path(), &ENGINE, &["quay.io"]);
    other.namespaces[0].server = Some("https://b.example".parse().unwrap());
    assert!(plan(&other).unwrap().notices[0].contains("not to https://b.example"));
    let mut ipv6 = wish(folder.path(), &ENGINE, &["quay.io"]);
    ipv6.mirror = MirrorUrl::new("http://[::1]:1".parse().unwrap());
    assert!(matches!(plan(&ipv6), Err(Error::Address { .. })));
    let ipv6 = wish(folder.path(), &ENGINE, &["[::1]:5000"]);
    assert!(matches!(plan(&ipv6), Err(Error::Address { .. })));
}

#[test]
fn other_types_are_refused() {
    for text in [
        "registry = 1",
        "[registry.\"docker.io\"]\nmirrors = \"x\"",
        "[registry.\"localhost:8578\"]\nhttp = 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, text);
        let error = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).expect_err(text);
        assert!(matches!(error, Error::Shape { .. }), "{error}");
    }
}
