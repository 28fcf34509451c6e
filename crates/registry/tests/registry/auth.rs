//! Tests users, tokens and rules over HTTP, also with clients of other projects.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use lazaret_auth::new_key;

use crate::support::Served;

const RULES: &str = r#"
[[access]]
repositories = ["public/**"]
subjects = ["everyone"]
actions = ["pull"]

[[access]]
repositories = ["**"]
subjects = ["user:alice"]
actions = ["pull", "push", "delete", "list"]

[[access]]
repositories = ["bob/**"]
subjects = ["user:bob"]
actions = ["pull", "push", "list"]

[[access]]
repositories = ["**/frozen"]
subjects = ["everyone"]
actions = ["push"]
effect = "deny"
"#;

/// A registry with the users `alice` and `bob`, whose password is `secret`.
fn guarded(tokens: bool) -> (tempfile::TempDir, Served) {
    let parent = tempfile::tempdir().unwrap();
    let users = ["alice", "bob"].map(|user| {
        let hash = bcrypt::hash("secret", 4).unwrap();
        format!("{user}:{hash}\n")
    });
    std::fs::write(parent.path().join("htpasswd"), users.concat()).unwrap();
    let tokens = if tokens { "[auth.tokens]" } else { "" };
    let settings = format!("[auth.htpasswd]\nfile = \"htpasswd\"\n{tokens}\n{RULES}");
    let served = Served::with_settings(parent.path(), &settings);
    (parent, served)
}

fn layout(folder: &Path) -> String {
    let path = folder.join("in");
    crate::skopeo::write_layout(&path);
    format!("oci:{}:v1", path.display())
}

/// Runs a client that has its own credentials; returns whether it succeeded, and its output.
fn client(program: &str, home: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .env("REGISTRY_AUTH_FILE", home.join("auth.json"))
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be started, is it installed? {error}"));
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[track_caller]
fn succeeds((ok, text): (bool, String)) {
    assert!(ok, "{text}");
}

#[track_caller]
fn fails((ok, text): (bool, String)) {
    assert!(!ok, "it should have failed: {text}");
}

#[test]
fn skopeo_logs_in_pushes_and_pulls_what_it_may() {
    for tokens in [false, true] {
        let (_parent, served) = guarded(tokens);
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let source = layout(home);
        let registry = served.address.to_string();
        let skopeo = |arguments: &[&str]| {
            let arguments = [&["--insecure-policy"], arguments].concat();
            client("skopeo", home, &arguments)
        };
        let login = |user: &str, password: &str| {
            skopeo(&[
                "login",
                "--tls-verify=false",
                "-u",
                user,
                "-p",
                password,
                &registry,
            ])
        };
        let push = |name: &str| {
            let target = format!("docker://{registry}/{name}");
            skopeo(&["copy", "--dest-tls-verify=false", &source, &target])
        };
        let pull = |name: &str| {
            let from = format!("docker://{registry}/{name}");
            skopeo(&["inspect", "--tls-verify=false", &from])
        };
        fails(push("public/app:v1"));
        fails(login("alice", "wrong"));
        succeeds(login("alice", "secret"));
        succeeds(push("public/app:v1"));
        succeeds(push("acme/app:v1"));
        fails(push("acme/frozen:v1"));
        succeeds(skopeo(&["logout", &registry]));
        succeeds(pull("public/app:v1"));
        fails(pull("acme/app:v1"));
        succeeds(login("bob", "secret"));
        succeeds(push("bob/app:v1"));
        succeeds(pull("bob/app:v1"));
        fails(pull("acme/app:v1"));
        fails(push("acme/app:v1"));
        let target = format!("docker://{registry}/bob/app:v1");
        fails(skopeo(&["delete", "--tls-verify=false", &target]));
        succeeds(login("alice", "secret"));
        succeeds(skopeo(&["delete", "--tls-verify=false", &target]));
    }
}

#[test]
fn podman_logs_in_by_tokens() {
    let (_parent, served) = guarded(true);
    let home = tempfile::tempdir().unwrap();
    let registry = served.address.to_string();
    let login = |password: &str| {
        let arguments = [
            "login",
            "--tls-verify=false",
            "-u",
            "bob",
            "-p",
            password,
            &registry,
        ];
        client("podman", home.path(), &arguments)
    };
    fails(login("wrong"));
    succeeds(login("secret"));
    let search = format!("{registry}/");
    let (ok, text) = client(
        "podman",
        home.path(),
        &["search", "--tls-verify=false", &search],
    );
    assert!(ok, "{text}");
}

#[test]
fn what_is_refused_says_so_and_changes_nothing() {
    let (_parent, served) = guarded(true);
    let reply = served.get("/v2/");
    reply.is_error(401, "UNAUTHORIZED");
    let challenge = reply.header("www-authenticate").unwrap();
    let realm = format!("http://{}/auth/token", served.address);
    let expected = format!("Bearer realm=\"{realm}\",service=\"lazaret-registry\"");
    assert_eq!(challenge, expected);
    let reply = served.get("/v2/acme/app/tags/list");
    reply.is_error(401, "UNAUTHORIZED");
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(
        challenge.contains("scope=\"repository:acme/app:pull\""),
        "{challenge}"
    );
    for path in ["/livez", "/readyz"] {
        assert_eq!(served.get(path).status, 200, "{path} is for everybody");
    }
    served.get("/metrics").is_error(401, "UNAUTHORIZED");
    served.get("/auth/token").is_error(401, "UNAUTHORIZED");
    let (_parent, without) = guarded(false);
    assert_eq!(without.get("/auth/token").status, 404);
}

#[test]
fn new_keys_differ() {
    let now = SystemTime::now();
    let (a, first) = new_key("alice", "", now, None);
    let (b, second) = new_key("alice", "", now, None);
    assert!(a.id != b.id && a.secret_digest != b.secret_digest && first != second);
}
