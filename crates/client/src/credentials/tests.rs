use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;

use super::{CredentialFiles, Keychain, Store};
use crate::{Class, Credential, Error};

fn registry(text: &str) -> Registry {
    text.parse().unwrap()
}

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic {
        username: username.to_owned(),
        password: Secret::new(password),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn find(
    files: CredentialFiles,
    host: &str,
    path: Option<&str>,
) -> Result<Option<Credential>, Error> {
    let path: Option<Repository> = path.map(|path| path.parse().unwrap());
    Keychain::new(files)
        .find(&registry(host), path.as_ref())
        .await
}

/// The user name that is found; `-` for none.
async fn user(files: &CredentialFiles, host: &str, path: Option<&str>) -> String {
    match find(files.clone(), host, path).await.unwrap() {
        Some(Credential::Basic { username, .. }) => username,
        Some(other) => format!("{other:?}"),
        None => "-".to_owned(),
    }
}

#[tokio::test]
async fn what_is_stored_is_found_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("deep/credentials.json"));
    assert_eq!(store.list().unwrap(), []);
    store
        .put(
            &registry("reg.test:5000"),
            None,
            &basic("ada", "pässword:with:colons"),
        )
        .unwrap();
    store
        .put(
            &registry("reg.test:5000"),
            Some(&"team".parse().unwrap()),
            &basic("bob", "b"),
        )
        .unwrap();
    store
        .put(
            &registry("index.docker.io"),
            None,
            &Credential::IdentityToken(Secret::new("tok")),
        )
        .unwrap();
    let mode = std::fs::metadata(store.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let listed = store.list().unwrap();
    let keys: Vec<_> = listed
        .iter()
        .map(|e| (e.key.as_str(), e.username.as_deref()))
        .collect();
    assert_eq!(
        keys,
        [
            ("docker.io", None),
            ("reg.test:5000", Some("ada")),
            ("reg.test:5000/team", Some("bob"))
        ]
    );
    assert!(!format!("{listed:?}").contains("pässword"));
    let files = CredentialFiles {
        own: Some(store.path().to_owned()),
        ..CredentialFiles::default()
    };
    assert_eq!(
        find(files.clone(), "reg.test:5000", None).await.unwrap(),
        Some(basic("ada", "pässword:with:colons"))
    );
    assert_eq!(user(&files, "reg.test:5000", Some("team/app")).await, "bob");
    assert_eq!(
        user(&files, "reg.test:5000", Some("teams/app")).await,
        "ada"
    );
    assert_eq!(user(&files, "reg.test", None).await, "-");
    assert_eq!(
        find(files.clone(), "docker.io", None).await.unwrap(),
        Some(Credential::IdentityToken(Secret::new("tok")))
    );
    assert!(store.remove(&registry("reg.test:5000"), None).unwrap());
    assert!(!store.remove(&registry("reg.test:5000"), None).unwrap());
    assert_eq!(user(&files, "reg.test:5000", Some("other")).await, "-");
}

#[test]
fn bad_json_is_an_error_that_names_the_file_and_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        r#"{"auths":{"a":{"auth":"hunter2""#,
        r#"{"auths":"hunter2"}"#,
        r#"{"auths":{"a":"hunter2"}}"#,
        r#"{"hunter2":1}"#,
        "hunter2",
        "[]",
        "",
    ] {
        let store = Store::new(write(folder.path(), "credentials.json", text));
        for error in [
            store.list().unwrap_err(),
            store
                .put(&registry("a"), None, &basic("u", "p"))
                .unwrap_err(),
        ] {
            assert_eq!(error.class(), Class::Local);
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains("credentials.json") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        assert_eq!(
            std::fs::read_to_string(store.path()).unwrap(),
            text,
            "it is left as it was"
        );
    }
}

#[test]
fn parallel_logins_lose_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("credentials.json"));
    std::thread::scope(|scope| {
        for n in 0..20 {
            let store = &store;
            scope.spawn(move || {
                store
                    .put(&registry(&format!("r{n}.test")), None, &basic("u", "p"))
                    .unwrap();
            });
        }
    });
    assert_eq!(store.list().unwrap().len(), 20);
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
}

#[test]
fn planted_symlinks_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let victim = write(folder.path(), "victim", "precious");
    let path = folder.path().join("credentials.json");
    // Links in place of the lock are refused.
    let lock = folder.path().join("credentials.json.lock");
    std::os::unix::fs::symlink(&victim, &lock).unwrap();
    Store::new(path.clone())
        .put(&registry("a"), None, &basic("u", "p"))
        .unwrap_err();
    std::fs::remove_file(&lock).unwrap();
    // Links under names of temporary files are in nobody's way, one in place of the file is refused.
    for name in [
        "credentials.json.tmp",
        ".credentials.json.tmp",
        ".credentials-",
        "credentials.json~",
    ] {
        std::os::unix::fs::symlink(&victim, folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("empty.json"), r#"{"auths":{}}"#).unwrap();
    std::os::unix::fs::symlink(folder.path().join("empty.json"), &path).unwrap();
    Store::new(path.clone())
        .put(&registry("a"), None, &basic("u", "p"))
        .unwrap_err();
    assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("empty.json")).unwrap(),
        r#"{"auths":{}}"#
    );
}

/// A file with one entry for each `key=user`.
fn auths(entries: &[(&str, &str)]) -> String {
    use base64::Engine as _;
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, user)| {
            let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:pw"));
            format!(r#""{key}":{{"auth":"{auth}"}}"#)
        })
        .collect();
    format!(r#"{{"auths":{{{}}},"psFormat":"x"}}"#, entries.join(","))
}

#[tokio::test]
async fn the_chain_is_gone_through_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let own = Store::new(folder.path().join("own.json"));
    own.put(&registry("a.test"), None, &basic("own", "pw"))
        .unwrap();
    let files = CredentialFiles {
        own: Some(own.path().to_owned()),
        docker_auth_config: Some(Secret::new(auths(&[("a.test", "env"), ("b.test", "env")]))),
        registry_auth_file: Some(write(
            folder.path(),
            "1",
            &auths(&[("b.test", "file"), ("c.test", "file")]),
        )),
        runtime: Some(write(
            folder.path(),
            "2",
            &auths(&[("c.test", "runtime"), ("d.test", "runtime")]),
        )),
        config: Some(write(
            folder.path(),
            "3",
            &auths(&[("d.test", "config"), ("e.test", "config")]),
        )),
        docker: Some(write(
            folder.path(),
            "4",
            &auths(&[("e.test", "docker"), ("f.test", "docker")]),
        )),
        ..CredentialFiles::default()
    };
    for (host, expected) in [
        ("a", "own"),
        ("b", "env"),
        ("c", "file"),
        ("d", "runtime"),
        ("e", "config"),
        ("f", "docker"),
        ("g", "-"),
    ] {
        assert_eq!(
            user(&files, &format!("{host}.test"), None).await,
            expected,
            "{host}"
        );
    }
    assert!(
        !format!("{files:?}").contains("auths"),
        "the content of the environment is a secret"
    );
}

#[tokio::test]
async fn missing_files_are_no_error_and_broken_ones_are() {
    let folder = tempfile::tempdir().unwrap();
    let missing = CredentialFiles {
        own: Some(folder.path().join("none/own.json")),
        docker: Some(folder.path().join("none/docker.json")),
        ..CredentialFiles::default()
    };
    assert_eq!(user(&missing, "a.test", None).await, "-");
    for text in [
        "{",
        "[]",
        r#"{"auths":{"a.test":{"auth":"%%%"}}}"#,
        r#"{"auths":{"a.test":{"auth":"bm9jb2xvbg=="}}}"#,
    ] {
        let files = CredentialFiles {
            docker: Some(write(folder.path(), "d.json", text)),
            ..CredentialFiles::default()
        };
        let error = find(files, "a.test", None).await.unwrap_err();
        assert!(error.to_string().contains("d.json"), "{error}");
    }
    let files = CredentialFiles {
        docker: Some(folder.path().to_owned()),
        ..CredentialFiles::default()
    };
    find(files, "a.test", None).await.unwrap_err();
}

#[tokio::test]
async fn the_most_specific_key_wins_and_old_keys_count() {
    let folder = tempfile::tempdir().unwrap();
    let text = auths(&[
        ("reg.test/team/app", "app"),
        ("reg.test", "host"),
        ("reg.test/team", "team"),
        ("https://old.test/v2/", "old"),
        ("http://older.test:5000", "older"),
        ("https://index.docker.io/v1/", "hub"),
    ]);
    let files = CredentialFiles {
        docker: Some(write(folder.path(), "d", &text)),
        ..CredentialFiles::default()
    };
    for (host, path, expected) in [
        ("reg.test", Some("team/app/x"), "app"),
        ("reg.test", Some("team/app"), "app"),
        ("reg.test", Some("team/apps"), "team"),
        ("reg.test", Some("tea"), "host"),
        ("reg.test", None, "host"),
        ("reg.test:443", None, "-"),
        ("old.test", Some("x"), "old"),
        ("older.test:5000", None, "older"),
        ("docker.io", Some("library/x"), "hub"),
        ("index.docker.io", None, "hub"),
        ("registry-1.docker.io", None, "hub"),
        ("hub.docker.io", None, "-"),
    ] {
        assert_eq!(user(&files, host, path).await, expected, "{host} {path:?}");
    }
}

#[tokio::test]
async fn entries_take_several_forms() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"auths":{
        "plain.test":{"username":"u","password":"p","email":"x"},
        "token.test":{"auth":"PHRva2VuPjo=","identitytoken":"id"},
        "bearer.test":{"registrytoken":"b"},
        "empty.test":{}, "blank.test":{"auth":""}}}"#;
    let files = CredentialFiles {
        docker: Some(write(folder.path(), "d", text)),
        ..CredentialFiles::default()
    };
    let found = |host: &'static str| find(files.clone(), host, None);
    assert_eq!(found("plain.test").await.unwrap(), Some(basic("u", "p")));
    assert_eq!(
        found("token.test").await.unwrap(),
        Some(Credential::IdentityToken(Secret::new("id")))
    );
    assert_eq!(
        found("bearer.test").await.unwrap(),
        Some(Credential::Bearer(Secret::new("b")))
    );
    assert_eq!(found("empty.test").await.unwrap(), None);
    assert_eq!(found("blank.test").await.unwrap(), None);
}

/// Makes a helper that runs `script`, and files that name it in `config`.
fn helper(folder: &Path, name: &str, script: &str, config: &str) -> CredentialFiles {
    let path = write(
        folder,
        &format!("docker-credential-{name}"),
        &format!("#!/bin/sh\n{script}\n"),
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    CredentialFiles {
        docker: Some(write(folder, "config.json", config)),
        helper_folders: vec![folder.to_owned()],
        helper_timeout: Duration::from_secs(5),
        ..CredentialFiles::default()
    }
}

#[tokio::test]
async fn helpers_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"read server; [ "$1" = get ] || exit 9
case "$server" in
  user.test) echo '{"ServerURL":"x","Username":"ada","Secret":"pw"}';;
  token.test) echo '{"Username":"<token>","Secret":"tok"}';;
  https://index.docker.io/v1/) echo '{"Username":"hub","Secret":"pw"}';;
  *) echo 'credentials not found in native keychain'; exit 1;;
esac"#;
    let files = helper(
        folder.path(),
        "my_store.1",
        script,
        r#"{"credsStore":"my_store.1","auths":{"user.test":{},"entry.test":{"auth":"ZW50cnk6cHc="}}}"#,
    );
    assert_eq!(user(&files, "user.test", Some("a/b")).await, "ada");
    assert_eq!(
        find(files.clone(), "token.test", None).await.unwrap(),
        Some(Credential::IdentityToken(Secret::new("tok")))
    );
    assert_eq!(user(&files, "docker.io", None).await, "hub");
    assert_eq!(user(&files, "none.test", None).await, "-");
    assert_eq!(
        user(&files, "entry.test", None).await,
        "entry",
        "what the helper lacks may be in the file"
    );
}

#[tokio::test]
async fn the_helper_of_a_registry_comes_before_the_common_one() {
    let folder = tempfile::tempdir().unwrap();
    helper(
        folder.path(),
        "own",
        r#"echo '{"Username":"own","Secret":"s"}'"#,
        "",
    );
    let files = helper(
        folder.path(),
        "common",
        r#"echo '{"Username":"common","Secret":"s"}'"#,
        r#"{"credsStore":"common","credHelpers":{"special.test":"own"},"auths":{"x.test":{"auth":"ZmlsZTpwdw=="}}}"#,
    );
    assert_eq!(user(&files, "special.test", None).await, "own");
    assert_eq!(user(&files, "x.test", None).await, "common");
}

#[tokio::test]
async fn helpers_that_misbehave_are_errors_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    for (script, reason) in [
        ("echo 'hunter2'", "not the expected JSON"),
        (
            "echo hunter2; echo 'cannot open D-Bus' >&2; exit 3",
            "cannot open D-Bus",
        ),
        ("exec sleep 60", "no answer"),
        ("yes hunter2", "more than"),
        ("kill -9 $$", "failed"),
    ] {
        let mut files = helper(folder.path(), "bad", script, r#"{"credsStore":"bad"}"#);
        files.helper_timeout = Duration::from_secs(1);
        let start = std::time::Instant::now();
        let error = find(files, "a.test", None).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains(reason) && shown.contains("docker-credential-bad"),
            "{shown}"
        );
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    for name in ["../evil", "a b", "", "x;y", "/bin/sh", "a\\nb"] {
        let files = helper(
            folder.path(),
            "bad",
            "exit 0",
            &format!(r#"{{"credHelpers":{{"a.test":"{name}"}}}}"#),
        );
        let result = find(files, "a.test", None).await;
        match result {
            Ok(found) => assert!(name.is_empty() && found.is_none(), "{name}"),
            Err(error) => assert!(
                error.to_string().contains("forbidden characters"),
                "{error}"
            ),
        }
    }
    let files = helper(
        folder.path(),
        "bad",
        "",
        r#"{"credsStore":"not-installed-anywhere"}"#,
    );
    let error = find(files, "a.test", None).await.unwrap_err();
    assert!(
        matches!(&error, Error::CredentialHelper { helper, .. } if helper.contains("not-installed-anywhere")),
        "{error:?}"
    );
}
