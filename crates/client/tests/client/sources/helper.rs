use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use lazaret_client::{Class, HelperOptions, HelperSource, Ping};

use super::{ask, client_of, pass, runs, user, write};
use crate::support::{Answer, AsRegistry as _, PASSWORD, Peer, full};

/// base64 of `ada:hunter2-correct-horse`.
const BASIC: &str = "Basic YWRhOmh1bnRlcjItY29ycmVjdC1ob3JzZQ==";

/// A helper for `reg.test` that notes its runs; `$N` is the number of the run.
fn helper(folder: &Path, registry: &str, text: &str, lifetime: Duration) -> HelperSource {
    let text = format!(
        "#!/bin/sh\nread server; echo run >> {0}/runs\nN=$(wc -l < {0}/runs)\n{text}\n",
        folder.display()
    );
    let path = write(folder, "docker-credential-test", &text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    HelperSource::new(HelperOptions {
        registry: registry.parse().unwrap(),
        name: "test".to_owned(),
        folders: vec![folder.to_owned()],
        lifetime,
        timeout: Duration::from_secs(5),
    })
}

const NUMBERED: &str = r#"echo "{\"Username\":\"run$N\",\"Secret\":\"p\"}""#;
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_answer_is_kept_for_its_lifetime() {
    let folder = tempfile::tempdir().unwrap();
    let source = helper(folder.path(), "reg.test", NUMBERED, HOUR);
    for name in ["reg.test/a", "reg.test/b", "reg.test"] {
        assert_eq!(user(&source, name).await, "run1");
    }
    pass(3590).await;
    assert_eq!(user(&source, "reg.test/a").await, "run1");
    pass(11).await;
    assert_eq!(user(&source, "reg.test/a").await, "run2");
    assert_eq!(user(&source, "other.test/a").await, "-");
    assert_eq!(runs(folder.path()), 2);
}

#[tokio::test]
async fn parallel_lookups_share_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let slow = format!("sleep 0.3\n{NUMBERED}");
    let source = helper(folder.path(), "reg.test", &slow, Duration::ZERO);
    let asked = (0..50).map(|_| user(&source, "reg.test/a"));
    let found = futures_util::future::join_all(asked).await;
    assert_eq!(found, vec!["run1"; 50]);
    assert_eq!(user(&source, "reg.test/a").await, "run2", "nothing is kept");
}

#[tokio::test]
async fn a_missing_credential_is_looked_for_again_soon() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[ $N -gt 1 ] || {{ echo 'credentials not found in native keychain'; exit 1; }}\n{NUMBERED}"
    );
    let source = helper(folder.path(), "reg.test", &text, HOUR);
    assert_eq!(user(&source, "reg.test").await, "-");
    assert_eq!(user(&source, "reg.test").await, "-");
    assert_eq!(runs(folder.path()), 1);
    pass(61).await;
    assert_eq!(user(&source, "reg.test").await, "run2");
}

#[tokio::test]
async fn it_is_asked_about_the_registry_with_which_it_logs_in() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"echo "{\"Username\":\"$server\",\"Secret\":\"p\"}""#;
    let source = helper(folder.path(), "docker.io", text, HOUR);
    assert_eq!(
        user(&source, "index.docker.io/library/x").await,
        "https://index.docker.io/v1/"
    );
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start(|seen| match seen.header("authorization") {
        Some(BASIC) => Answer::new(200),
        _ => Answer::new(401).with("WWW-Authenticate", "Basic realm=x"),
    });
    let host = peer.registry();
    let text = format!(
        r#"[ "$server" = {host} ] || exit 1; echo '{{"Username":"ada","Secret":"{PASSWORD}"}}'"#
    );
    let source = helper(folder.path(), host.as_str(), &text, HOUR);
    let ping = client_of(source).ping(&host).await.unwrap();
    assert_eq!(ping, Ping::Authenticated);
}

#[tokio::test]
async fn parallel_lookups_share_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let source = helper(folder.path(), "reg.test", "sleep 0.3; exit 1", HOUR);
    let asked = (0..50).map(|_| ask(&source, "reg.test/a"));
    let found = futures_util::future::join_all(asked).await;
    assert!(found.iter().all(Result::is_err));
    assert_eq!(runs(folder.path()), 1);
}

#[tokio::test]
async fn a_failure_is_told_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("[ $N -gt 1 ] || {{ echo hunter2; echo 'no bus' >&2; exit 3; }}\n{NUMBERED}");
    let source = helper(folder.path(), "reg.test", &text, HOUR);
    let error = ask(&source, "reg.test").await.unwrap_err();
    assert_eq!(error.class(), Class::Local);
    let shown = full(&error);
    assert!(shown.contains("no bus") && shown.contains("docker-credential-test"));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(user(&source, "reg.test").await, "run2");
}
