use std::path::Path;
use std::time::Duration;

use lazaret_client::{Class, Error, KubeletProvider, KubeletProviderOptions, Ping, Program};

use super::{ask, client_of, pass, runs, script, user, write};
use crate::support::{Answer, AsRegistry as _, PASSWORD, Peer, full};

/// base64 of `ada:hunter2-correct-horse`.
const BASIC: &str = "Basic YWRhOmh1bnRlcjItY29ycmVjdC1ob3JzZQ==";

fn made(program: Program, patterns: &[&str]) -> Result<KubeletProvider, Error> {
    KubeletProvider::new(KubeletProviderOptions {
        program,
        match_images: patterns.iter().map(ToString::to_string).collect(),
        default_cache_duration: Duration::ZERO,
    })
}

fn response(rest: &str) -> String {
    format!(
        r#"{{"kind":"CredentialProviderResponse",
            "apiVersion":"credentialprovider.kubelet.k8s.io/v1",{rest}}}"#
    )
}

/// A provider that gives `rest`, in which `$N` is the number of its run.
fn provider(folder: &Path, rest: &str) -> KubeletProvider {
    let text = response(rest);
    let text = format!(
        "cat > {0}/request\nN=$(wc -l < {0}/runs)\ncat <<END\n{text}\nEND",
        folder.display()
    );
    let program = script(folder, "provider", &text);
    made(program, &["*.test"]).unwrap()
}

const NUMBERED: &str = r#""auth":{"*.test":{"username":"run$N","password":"p"}}"#;

#[tokio::test]
async fn a_provider_is_asked_about_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start(|seen| match seen.header("authorization") {
        Some(BASIC) => Answer::new(200),
        _ => Answer::new(401).with("WWW-Authenticate", "Basic realm=x"),
    });
    let host = peer.registry();
    let answer = response(&format!(
        r#""cacheKeyType":"Registry","cacheDuration":"5m",
        "auth":{{"{host}":{{"username":"ada","password":"{PASSWORD}"}}}}"#
    ));
    let answer = write(folder.path(), "answer", &answer);
    let text = format!(
        "cat > {0}/request; env > {0}/env; cat {1}",
        folder.path().display(),
        answer.display()
    );
    let mut program = script(folder.path(), "provider", &text);
    program.env.push(("HOME".to_owned(), "/nowhere".to_owned()));
    let source = made(program, &[host.as_str()]).unwrap();
    assert_eq!(user(&source, &format!("{host}/team/app")).await, "ada");
    let request = std::fs::read_to_string(folder.path().join("request")).unwrap();
    let request: serde_json::Value = serde_json::from_str(&request).unwrap();
    assert_eq!(
        request,
        serde_json::json!({
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "kind": "CredentialProviderRequest",
            "image": format!("{host}/team/app"),
        })
    );
    let env = std::fs::read_to_string(folder.path().join("env")).unwrap();
    let own = |line: &&str| !line.starts_with("PWD=") && !line.starts_with("_=");
    let mut env: Vec<&str> = env
        .lines()
        .filter(own)
        .filter(|l| !l.starts_with("SHLVL"))
        .collect();
    env.sort_unstable();
    assert_eq!(env, ["HOME=/nowhere", "PATH=/usr/bin:/bin"]);
    let ping = client_of(source).ping(&host).await.unwrap();
    assert_eq!(ping, Ping::Authenticated);
    assert_eq!(runs(folder.path()), 1, "it was for the registry");
}

#[tokio::test]
async fn answers_are_kept_for_what_they_say() {
    for (kind, expected) in [
        ("Image", ["run1", "run1", "run2", "run3"]),
        ("Registry", ["run1", "run1", "run1", "run2"]),
        ("Global", ["run1", "run1", "run1", "run1"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let rest = format!(r#""cacheKeyType":"{kind}","cacheDuration":"10m",{NUMBERED}"#);
        let source = provider(folder.path(), &rest);
        for (name, expected) in ["a.test/x", "a.test/x", "a.test/y", "b.test/x"]
            .iter()
            .zip(expected)
        {
            assert_eq!(user(&source, name).await, expected, "{kind} {name}");
        }
    }
}

#[tokio::test]
async fn answers_are_kept_for_as_long_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let rest = format!(r#""cacheKeyType":"Global","cacheDuration":"10m0s",{NUMBERED}"#);
    let source = provider(folder.path(), &rest);
    assert_eq!(user(&source, "a.test/x").await, "run1");
    pass(590).await;
    assert_eq!(user(&source, "a.test/x").await, "run1");
    pass(11).await;
    assert_eq!(user(&source, "a.test/x").await, "run2");
}

#[tokio::test]
async fn nothing_is_kept_for_no_time() {
    for duration in [r#""cacheDuration":"0s","#, r#""cacheDuration":null,"#, ""] {
        let folder = tempfile::tempdir().unwrap();
        let rest = format!(r#""cacheKeyType":"Global",{duration}{NUMBERED}"#);
        let source = provider(folder.path(), &rest);
        assert_eq!(user(&source, "a.test/x").await, "run1");
        assert_eq!(user(&source, "a.test/x").await, "run2", "{duration}");
    }
    let folder = tempfile::tempdir().unwrap();
    let source = provider(
        folder.path(),
        &format!(r#""cacheKeyType":"Global",{NUMBERED}"#),
    );
    let mut options = KubeletProviderOptions {
        program: script(folder.path(), "none", "exit 1"),
        match_images: vec!["*.test".to_owned()],
        default_cache_duration: Duration::from_secs(60),
    };
    drop(source);
    options.program.args = vec![folder.path().join("provider").display().to_string()];
    let source = KubeletProvider::new(options).unwrap();
    for _ in 0..2 {
        assert_eq!(
            user(&source, "a.test/x").await,
            "run1",
            "the default counts"
        );
    }
}

#[tokio::test]
async fn lookups_at_the_same_time_share_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let text = response(&format!(r#""cacheKeyType":"Image",{NUMBERED}"#));
    let text = format!(
        "N=$(wc -l < {}/runs)\nsleep 0.3\ncat <<END\n{text}\nEND",
        folder.path().display()
    );
    let source = made(script(folder.path(), "provider", &text), &["*.test"]).unwrap();
    let asked = (0..50).map(|_| user(&source, "a.test/x"));
    let found = futures_util::future::join_all(asked).await;
    assert_eq!(found, vec!["run1"; 50]);
    assert_eq!(user(&source, "a.test/x").await, "run2");
    // Failures are shared as well.
    let broken = script(folder.path(), "broken", "sleep 0.3; exit 1");
    let source = made(broken, &["*.test"]).unwrap();
    let asked = (0..50).map(|_| ask(&source, "a.test/x"));
    let found = futures_util::future::join_all(asked).await;
    assert!(found.iter().all(Result::is_err));
    assert_eq!(runs(folder.path()), 3);
}

#[tokio::test]
async fn a_cold_registry_starts_few_programs() {
    let folder = tempfile::tempdir().unwrap();
    let text = response(&format!(
        r#""cacheKeyType":"Registry","cacheDuration":"1h",{NUMBERED}"#
    ));
    let text = format!("N=1\nsleep 0.3\ncat <<END\n{text}\nEND");
    let source = made(script(folder.path(), "provider", &text), &["*.test"]).unwrap();
    let names: Vec<String> = (0..50).map(|n| format!("a.test/{n}")).collect();
    let asked = names.iter().map(|name| user(&source, name));
    let found = futures_util::future::join_all(asked).await;
    assert_eq!(found, vec!["run1"; 50]);
    assert!(runs(folder.path()) <= 4, "{}", runs(folder.path()));
}

#[tokio::test]
async fn other_images_are_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let source = provider(folder.path(), r#""cacheKeyType":"Global","auth":null"#);
    assert_eq!(user(&source, "reg.example/x").await, "-");
    assert_eq!(user(&source, "a.b.test/x").await, "-");
    assert_eq!(runs(folder.path()), 0);
    assert_eq!(user(&source, "a.test/x").await, "-", "it has no credential");
    assert_eq!(runs(folder.path()), 1);
}

#[tokio::test]
async fn docker_hub_goes_by_all_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let rest = r#""cacheKeyType":"Image",
        "auth":{"index.docker.io":{"username":"hub","password":"p"}}"#;
    let text = response(rest);
    let text = format!("cat > {}/request\necho '{text}'", folder.path().display());
    let source = made(script(folder.path(), "provider", &text), &["docker.io"]).unwrap();
    assert_eq!(
        user(&source, "registry-1.docker.io/library/alpine").await,
        "hub"
    );
    let request = std::fs::read_to_string(folder.path().join("request")).unwrap();
    assert!(
        request.contains(r#""docker.io/library/alpine""#),
        "{request}"
    );
}

#[tokio::test]
async fn providers_that_misbehave_are_errors_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let good = response(r#""cacheKeyType":"Image","auth":{}"#);
    let cases = [
        ("echo hunter2".to_owned(), "not the expected JSON"),
        (
            "echo hunter2; printf 'no \\033[1mrole\\n' >&2; exit 7".to_owned(),
            r"no \u{1b}[1mrole",
        ),
        (
            "echo \"key $KEY is bad\" >&2; exit 1".to_owned(),
            "key [redacted] is bad",
        ),
        ("yes hunter2".to_owned(), "more than 1048576 bytes"),
        ("kill -9 $$".to_owned(), "signal"),
        (
            format!("echo '{}'", good.replace("v1", "v1beta1")),
            "another version",
        ),
        (
            format!("echo '{}'", good.replace("Response", "hunter2")),
            "another version or kind",
        ),
        (
            format!("echo '{}'", good.replace("Image", "hunter2")),
            "not the expected JSON",
        ),
        (
            format!(
                "echo '{}'",
                good.replace("\"auth\"", "\"cacheDuration\":\"hunter2\",\"auth\"")
            ),
            "bad cacheDuration",
        ),
    ];
    for (text, words) in cases {
        let mut program = script(folder.path(), "provider", &text);
        program.env.push(("KEY".to_owned(), "hunter2".to_owned()));
        let source = made(program, &["*.test"]).unwrap();
        let error = ask(&source, "a.test/x").await.unwrap_err();
        assert_eq!(error.class(), Class::Local);
        let shown = full(&error);
        assert!(error.to_string().contains(words), "{words}: {shown}");
        assert!(shown.contains("/bin/sh for a.test"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!format!("{source:?}").contains("hunter2"));
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let program = |command: &str, variable: (&str, &str)| Program {
        command: command.into(),
        args: Vec::new(),
        env: vec![(variable.0.to_owned(), variable.1.to_owned())],
    };
    let good = || program("/bin/true", ("PATH", "/bin"));
    for (program, pattern, words) in [
        (program("true", ("A", "b")), "*", "not absolute"),
        (program("/bin/true", ("A=B", "c")), "*", "bad variable"),
        (program("/bin/true", ("", "c")), "*", "bad variable"),
        (program("/bin/true", ("A", "\0")), "*", "bad variable"),
        (good(), "", "no host"),
        (good(), "reg.io/*", "only a host may have"),
        (good(), "[a].io", "a character that none has"),
    ] {
        let error = made(program, &[pattern]).unwrap_err();
        assert_eq!(error.class(), Class::Local);
        assert!(error.to_string().contains(words), "{error}");
    }
    made(good(), &["*"]).unwrap();
}
