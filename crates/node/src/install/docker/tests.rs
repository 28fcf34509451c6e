use super::super::tests::{after, put, strict, wish};
use super::super::{Engine, Error, MirrorUrl, Step, plan};

const ENGINE: [Engine; 1] = [Engine::Docker];
const PATH: &str = "etc/docker/daemon.json";

#[test]
fn a_new_file_has_the_mirror_alone() {
    let folder = tempfile::tempdir().unwrap();
    let wish = wish(folder.path(), &ENGINE, &["docker.io"]);
    let plan = plan(&wish).unwrap();
    assert_eq!(
        after(&plan, PATH),
        "{\n  \"registry-mirrors\": [\"http://localhost:8578\"]\n}\n"
    );
    assert_eq!(plan.steps(), [Step::ReloadDocker]);
    assert!(
        after(&plan, "etc/docker/certs.d/docker.io/hosts.toml")
            .contains("[host.\"http://localhost:8578\"]")
    );
    assert_eq!(plan.notices.len(), 1, "{:?}", plan.notices);
}

#[test]
fn plain_http_to_elsewhere_is_named_insecure() {
    for (mirror, insecure) in [
        ("http://mirror.example:8578", Some("mirror.example:8578")),
        ("http://[::1]:8578", Some("[::1]:8578")),
        ("http://127.0.0.1:8578", None),
        ("https://mirror.example", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut wish = wish(folder.path(), &ENGINE, &["docker.io"]);
        wish.mirror = MirrorUrl::new(mirror.parse().unwrap());
        let plan = plan(&wish).unwrap();
        let text = after(&plan, PATH);
        let expected = insecure.map(|host| format!("\"insecure-registries\": [\"{host}\"]"));
        match expected {
            Some(expected) => assert!(text.contains(&expected), "{text}"),
            None => assert!(!text.contains("insecure"), "{text}"),
        }
    }
}

#[test]
fn what_is_there_stays_behind_the_mirror() {
    for (before, expected) in [
        (
            "{\"debug\": true, \"registry-mirrors\": [\"https://a/\", \"http://localhost:8578/\"]}",
            "{\"debug\": true, \"registry-mirrors\": [\"http://localhost:8578\",\"https://a/\"]}",
        ),
        (
            "{\"registry-mirrors\": null}",
            "{\"registry-mirrors\": [\"http://localhost:8578\"]}",
        ),
        (
            "\n",
            "{\n  \"registry-mirrors\": [\"http://localhost:8578\"]\n}\n",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, before);
        let plan = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).unwrap();
        assert_eq!(after(&plan, PATH), expected);
    }
    let folder = tempfile::tempdir().unwrap();
    put(
        folder.path(),
        PATH,
        "{\"registry-mirrors\": [\"http://localhost:8578/\"]}",
    );
    let plan = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).unwrap();
    assert!(
        plan.changes
            .iter()
            .all(|change| !change.path.ends_with(PATH))
    );
}

#[test]
fn lists_of_something_else_are_refused() {
    for text in ["{\"registry-mirrors\": [1]}", "{\"registry-mirrors\": {}}"] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, text);
        let error = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{error}");
    }
}

#[test]
fn other_registries_are_for_newer_daemons() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&strict(folder.path(), &ENGINE, &["quay.io"])).unwrap();
    assert!(
        plan.changes
            .iter()
            .all(|change| !change.path.ends_with(PATH))
    );
    assert!(
        after(&plan, "etc/docker/certs.d/quay.io/hosts.toml")
            .contains("server = \"https://mirror.example:8578\"")
    );
    after(
        &plan,
        "etc/docker/certs.d/mirror.example:8578/lazaret-mirror.crt",
    );
    assert!(
        plan.notices[0].contains("(quay.io) only from 28 on"),
        "{:?}",
        plan.notices
    );
    assert!(
        plan.notices[1].contains("no setting keeps it"),
        "{:?}",
        plan.notices
    );
}
