use super::super::tests::{after, put, strict, wish};
use super::super::{Engine, Error, Step, plan};

const ENGINE: [Engine; 1] = [Engine::K3s];
const PATH: &str = "etc/rancher/k3s/registries.yaml";

#[test]
fn a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut wish = wish(folder.path(), &ENGINE, &["docker.io", "*", "[::1]:5000"]);
    wish.namespaces[0].server = Some("https://other.example".parse().unwrap());
    let plan = plan(&wish).unwrap();
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.
mirrors:
  "*":
    endpoint:
      - "http://localhost:8578"
  "[::1]:5000":
    endpoint:
      - "http://localhost:8578"
  "docker.io":
    endpoint:
      - "http://localhost:8578"
      - "https://other.example"
"#;
    assert_eq!(after(&plan, PATH), expected);
    assert_eq!(plan.steps(), [Step::RestartK3s]);
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn without_a_fallback_k3s_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&strict(folder.path(), &ENGINE, &["docker.io"])).unwrap();
    let expected = r#"# Written for a Lazaret mirror. The next installation replaces the whole file.
mirrors:
  "docker.io":
    endpoint:
      - "https://mirror.example:8578"
configs:
  "mirror.example:8578":
    tls:
      ca_file: "/etc/pki/ca.pem"
"#;
    assert_eq!(after(&plan, PATH), expected);
    let drop_in = after(&plan, "etc/rancher/k3s/config.yaml.d/lazaret-mirror.yaml");
    assert!(drop_in.ends_with("\ndisable-default-registry-endpoint: true\n"));
}

#[test]
fn missing_sections_are_appended() {
    for before in [
        "",
        "# mine\n",
        "---\n",
        "# mine\nconfigs:\n  a:\n    auth: {username: b}",
        "configs: {}\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, before);
        let plan = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).unwrap();
        let text = after(&plan, PATH);
        assert!(text.starts_with(before), "{text}");
        let added = &text[before.len()..];
        let expected =
            "mirrors:\n  \"docker.io\":\n    endpoint:\n      - \"http://localhost:8578\"\n";
        assert_eq!(added.trim_start(), expected);
    }
}

#[test]
fn sections_of_theirs_are_left_to_them() {
    for before in [
        "# mine\nmirrors:\n  docker.io:\n    endpoint: [\"https://a.example\"]\n",
        "{configs: {}}\n",
        "configs: {}\n...\n",
        "mirrors: null\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, before);
        match plan(&wish(folder.path(), &ENGINE, &["docker.io"])) {
            Err(Error::Merge { add, path, .. }) => {
                assert!(path.ends_with(PATH));
                assert!(add.starts_with("mirrors:\n  \"docker.io\":\n"), "{add}");
            }
            other => panic!("{before}: {other:?}"),
        }
    }
}

#[test]
fn a_mirror_that_they_have_added_is_enough() {
    for before in [
        "mirrors:\n  quay.io: {endpoint: [x]}\n  docker.io: # hub\n    endpoint: [\"http://localhost:8578\", y]\n",
        "{\"mirrors\": {\"docker.io\": {\"endpoint\": [\"http://localhost:8578\"], \"rewrite\": {}}}}",
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, before);
        assert_eq!(
            plan(&wish(folder.path(), &ENGINE, &["docker.io"]))
                .unwrap()
                .changes,
            []
        );
    }
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9_u8 {
        let (name, before) = (char::from(b'a' + level), char::from(b'a' + level - 1));
        bomb.push_str(&format!(
            "{name}: &{name} [{}]\n",
            vec![format!("*{before}"); 9].join(", ")
        ));
    }
    let deep = format!("a: {}", "[".repeat(100_000));
    for text in [bomb, deep] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), PATH, text);
        let error = plan(&wish(folder.path(), &ENGINE, &["docker.io"])).unwrap_err();
        assert!(matches!(error, Error::Syntax { .. }), "{error}");
    }
}
