use super::super::tests::{after, put, strict, wish};
use super::super::{Engine, Error, plan};

const ENGINE: [Engine; 1] = [Engine::Podman];
const PATH: &str = "etc/containers/registries.conf.d/990-lazaret-mirror.conf";

#[test]
fn the_mirror_is_a_place_with_the_registry_as_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let mut wish = wish(folder.path(), &ENGINE, &["docker.io", "quay.io", "*"]);
    wish.namespaces[1].server = Some("http://other.example:80".parse().unwrap());
    let plan = plan(&wish).unwrap();
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.

[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "localhost:8578/docker.io"
insecure = true

[[registry]]
prefix = "quay.io"
location = "other.example:80"
insecure = true

[[registry.mirror]]
location = "localhost:8578/quay.io"
insecure = true
"#;
    assert_eq!(after(&plan, PATH), expected);
    assert_eq!(plan.steps(), []);
    assert_eq!(
        plan.notices,
        ["podman has no entry for all registries: it asks those itself that are not named"]
    );
}

#[test]
fn without_a_fallback_the_mirror_is_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&strict(
        folder.path(),
        &ENGINE,
        &["docker.io", "localhost:5000"],
    ))
    .unwrap();
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.

[[registry]]
prefix = "docker.io"
location = "mirror.example:8578/docker.io"

[[registry]]
prefix = "localhost:5000"
location = "localhost:5000"
blocked = true
"#;
    assert_eq!(after(&plan, PATH), expected);
    assert!(
        plan.notices[0].ends_with("podman is kept from it"),
        "{:?}",
        plan.notices
    );
    let certificate = after(
        &plan,
        "etc/containers/certs.d/mirror.example:8578/lazaret-mirror.crt",
    );
    assert_eq!(certificate, "-----BEGIN CERTIFICATE-----\n");
}

#[test]
fn a_registry_that_is_no_path_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let plan_of = |names: &[&str]| plan(&wish(folder.path(), &ENGINE, names)).unwrap();
    for name in ["localhost:5000", "[::1]"] {
        let plan = plan_of(&[name]);
        assert_eq!(plan.changes, []);
        assert!(
            plan.notices[0].ends_with("podman asks it itself"),
            "{:?}",
            plan.notices
        );
    }
    let mut ipv6 = wish(folder.path(), &ENGINE, &["docker.io"]);
    ipv6.namespaces[0].server = Some("https://[::1]".parse().unwrap());
    assert!(matches!(plan(&ipv6), Err(Error::Address { .. })));
}

#[test]
fn entries_of_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| put(folder.path(), &format!("etc/containers/{path}"), text);
    put(
        "registries.conf",
        "[[registry]]\nlocation = \"docker.io\"\nblocked = true\n",
    );
    put(
        "registries.conf.d/999.conf",
        "[[registry]]\nprefix = \"docker.io\"\nlocation = \"x\"\n",
    );
    put(
        "registries.conf.d/000.conf",
        "[[registry]]\nprefix = \"quay.io\"\nlocation = \"x\"\n",
    );
    put("registries.conf.d/notes.txt", "[[");
    let wish = wish(folder.path(), &ENGINE, &["docker.io"]);
    let notices = plan(&wish).unwrap().notices;
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].ends_with("registries.conf' has no effect beside the mirror"));
    assert!(notices[1].ends_with("999.conf' wins over the mirror"));
    put("registries.conf.d/000.conf", "[[");
    assert!(matches!(plan(&wish), Err(Error::Syntax { .. })));
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let wish = strict(folder.path(), &ENGINE, &["docker.io"]);
    put(
        folder.path(),
        "etc/pki/ca.pem",
        "-----BEGIN PRIVATE KEY-----\n",
    );
    assert!(matches!(plan(&wish), Err(Error::Certificates { .. })));
    std::fs::remove_file(folder.path().join("etc/pki/ca.pem")).unwrap();
    assert!(matches!(plan(&wish), Err(Error::Certificates { .. })));
}
